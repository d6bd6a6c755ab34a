/** A start tag of an HTML text. */
export interface HtmlTag {
  /** Lower-case. */
  readonly name: string;
  /** By lower-case name, with character references resolved. */
  readonly attributes: ReadonlyMap<string, string>;
}

const maxAttributes = 64;

/**
 * The start tags of an HTML text, as the tokenizer of the HTML standard cuts them: comments and what scripts and styles
 * hold are passed over. In time linear in the text.
 */
export function* htmlTags(text: string): Generator<HtmlTag, void, undefined> {
  let at = text.indexOf('<');
  while (at >= 0) {
    if (text.startsWith('<!--', at)) at = after(text, '-->', at + 4);
    else if (/[a-z]/i.test(text[at + 1] ?? '')) {
      const tag = readTag(text, at + 1);
      yield tag;
      at = rawText.has(tag.name) ? afterEnd(text, tag) : tag.end;
    } else at += 1;
    at = at < 0 ? -1 : text.indexOf('<', at);
  }
}

const rawText: ReadonlySet<string> = new Set(['script', 'style', 'textarea', 'title']);

/** Behind the end tag of an element that holds no tags, however it's spelled. */
function afterEnd(text: string, { name, end }: HtmlTag & { readonly end: number }): number {
  const close = new RegExp(`</${name}`, 'gi');
  close.lastIndex = end;
  return close.test(text) ? close.lastIndex : text.length;
}

function after(text: string, end: string, from: number): number {
  const at = text.indexOf(end, from);
  return at < 0 ? text.length : at + end.length;
}

const space = /[\t\n\f\r ]/;

function readTag(text: string, from: number): HtmlTag & { readonly end: number } {
  let at = from;
  const until = (stop: RegExp): string => {
    const start = at;
    while (at < text.length && !stop.test(text[at] ?? '')) at += 1;
    return text.slice(start, at);
  };
  const skip = (what: RegExp): void => {
    while (at < text.length && what.test(text[at] ?? '')) at += 1;
  };
  const name = until(/[\t\n\f\r />]/).toLowerCase();
  const attributes = new Map<string, string>();
  for (;;) {
    skip(/[\t\n\f\r /]/);
    if (at >= text.length || text[at] === '>') return { name, attributes, end: at + 1 };
    at += text[at] === '=' ? 1 : 0;
    const key = until(/[\t\n\f\r />=]/).toLowerCase();
    skip(space);
    let value = '';
    if (text[at] === '=') {
      at += 1;
      skip(space);
      const quote = text[at];
      if (quote === '"' || quote === "'") {
        at += 1;
        const end = text.indexOf(quote, at);
        value = text.slice(at, end < 0 ? text.length : end);
        at = end < 0 ? text.length : end + 1;
      } else value = until(/[\t\n\f\r >]/);
    }
    if (!attributes.has(key) && attributes.size < maxAttributes) attributes.set(key, unescaped(value));
  }
}

const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** Character references: by number, and the five that pages of indexes use by name. */
function unescaped(value: string): string {
  return value.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,4}));/gi, (whole, decimal, hex, name) => {
    if (name !== undefined) return named[String(name)] ?? whole;
    const code = decimal === undefined ? Number.parseInt(String(hex), 16) : Number(decimal);
    return code <= 0x10_ffff ? String.fromCodePoint(code) : '\u{fffd}';
  });
}
