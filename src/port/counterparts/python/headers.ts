/** The value lines of `Name: value` headers until the first empty line, by lower-case name (METADATA, WHEEL). */
export function parseHeaders(text: string): ReadonlyMap<string, readonly string[]> {
  const headers = new Map<string, string[]>();
  for (const line of text.split(/\r\n|\n|\r/)) {
    if (line === '') break;
    const [, name = '', value = ''] = /^([A-Za-z0-9-]+):[ \t]*(.*)$/.exec(line) ?? [];
    if (name === '') continue;
    const known = headers.get(name.toLowerCase());
    if (known === undefined) headers.set(name.toLowerCase(), [value.trim()]);
    else known.push(value.trim());
  }
  return headers;
}
