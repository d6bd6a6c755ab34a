import { PackagesError } from '../shared/packages/errors.ts';

/** What comes next in a text of XML. */
export type XmlEvent =
  | {
      readonly kind: 'open';
      readonly name: string;
      readonly attributes: ReadonlyMap<string, string>;
      readonly isEmpty: boolean;
    }
  | { readonly kind: 'close'; readonly name: string }
  | { readonly kind: 'text'; readonly text: string };

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };
/** Of one tag, and of the text between two. */
const maxPiece = 4 * 1024 ** 2;

/**
 * Reads XML as it comes: tags, their attributes and texts. Names lose their prefix; comments and instructions are passed
 * over; a document type, which could define entities, is refused.
 * @throws PackagesError `PACKAGES_MALFORMED` or `PACKAGES_LIMIT`; what the input throws.
 */
export async function* readXml(
  input: AsyncIterable<Uint8Array>,
  name: string,
): AsyncGenerator<XmlEvent, void, undefined> {
  const decoder = new TextDecoder();
  let text = '';
  let at = 0;
  for await (const chunk of input) {
    text = text.slice(at) + decoder.decode(chunk, { stream: true });
    at = 0;
    for (;;) {
      const piece = nextPiece(text, at, name);
      if (piece === undefined) break;
      at = piece.end;
      if (piece.event !== undefined) yield piece.event;
    }
    if (text.length - at > maxPiece)
      throw new PackagesError(
        'PACKAGES_LIMIT',
        `${name} has a tag or text of more than ${maxPiece} characters`,
      );
  }
  if (text.slice(at).trim() !== '') throw malformed(name, 'it ends early');
}

interface Piece {
  readonly event?: XmlEvent;
  readonly end: number;
}

/** `undefined` where more of the text is needed. */
function nextPiece(text: string, at: number, name: string): Piece | undefined {
  const open = text.indexOf('<', at);
  if (open < 0) return undefined;
  if (open > at) return { event: { kind: 'text', text: decoded(text.slice(at, open), name) }, end: open };
  for (const [start, stop] of [
    ['<!--', '-->'],
    ['<?', '?>'],
    ['<![CDATA[', ']]>'],
  ] as const) {
    if (!text.startsWith(start, at)) continue;
    const end = text.indexOf(stop, at + start.length);
    if (end < 0) return undefined;
    const inside = text.slice(at + start.length, end);
    return start === '<![CDATA['
      ? { event: { kind: 'text', text: inside }, end: end + 3 }
      : { end: end + stop.length };
  }
  // Enough to tell a comment from a document type.
  if (text.length - at < 10 && text.startsWith('<!', at)) return undefined;
  if (text.startsWith('<!', at)) throw malformed(name, 'it has a document type');
  const end = tagEnd(text, at);
  return end === undefined ? undefined : { event: tagOf(text.slice(at + 1, end), name), end: end + 1 };
}

/** The closing bracket that isn't inside of quotes. */
function tagEnd(text: string, at: number): number | undefined {
  let quote = '';
  for (let place = at + 1; place < text.length; place += 1) {
    const char = text[place] ?? '';
    if (quote !== '') quote = char === quote ? '' : quote;
    else if (char === '"' || char === "'") quote = char;
    else if (char === '>') return place;
  }
  return undefined;
}

function tagOf(inside: string, name: string): XmlEvent {
  if (inside.startsWith('/')) return { kind: 'close', name: withoutPrefix(inside.slice(1).trim()) };
  const isEmpty = inside.endsWith('/');
  const [, tag = ''] = /^([^\s/]+)/.exec(inside) ?? [];
  if (tag === '') throw malformed(name, `<${inside.slice(0, 50)}> is no tag`);
  const attributes = new Map<string, string>();
  for (const [, key = '', , value = ''] of inside
    .slice(tag.length)
    .matchAll(/([^\s=/"']+)\s*=\s*(["'])(.*?)\2/gs))
    attributes.set(key, decoded(value, name));
  return { kind: 'open', name: withoutPrefix(tag), attributes, isEmpty };
}

function withoutPrefix(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

function decoded(text: string, name: string): string {
  if (!text.includes('&')) return text;
  return text.replace(/&(#x[0-9a-fA-F]{1,6}|#[0-9]{1,7}|[A-Za-z]{1,10});/g, (_, entity: string) => {
    if (!entity.startsWith('#')) {
      const known = entities[entity];
      if (known === undefined) throw malformed(name, `it has the unknown entity ${entity}`);
      return known;
    }
    const code = entity.startsWith('#x') ? Number.parseInt(entity.slice(2), 16) : Number(entity.slice(1));
    if (code > 0x10_ffff) throw malformed(name, `it has the impossible character ${entity}`);
    return String.fromCodePoint(code);
  });
}

function malformed(name: string, problem: string): PackagesError {
  return new PackagesError('PACKAGES_MALFORMED', `the XML of ${name} is damaged: ${problem}`);
}
