/** The target of a Link header's `rel="next"` (RFC 8288). `undefined` where there's none. */
export function nextLink(header: string | readonly string[] | undefined): string | undefined {
  const text = typeof header === 'string' ? header : (header ?? []).join(', ');
  let at = 0;
  for (let links = 0; links < 16; links += 1) {
    const open = text.indexOf('<', at);
    const close = text.indexOf('>', open);
    if (open < 0 || close < 0) return undefined;
    const following = text.indexOf('<', close);
    const parameters = text.slice(close + 1, following < 0 ? undefined : following);
    if (/;\s*rel\s*=\s*"?(?:[^"\s;,]+\s)*next(?![^"\s;,])/i.test(parameters.slice(0, 1000)))
      return text.slice(open + 1, close);
    at = close;
  }
  return undefined;
}
