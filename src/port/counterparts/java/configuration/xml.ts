/** An element of a configuration file. */
export interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly Element[];
  /** Its own text, without space around it. */
  readonly text: string;
}

const maxElements = 20_000;
const maxDepth = 64;

interface Open {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: Element[];
  text: string;
}

const token =
  /<!--[\s\S]*?-->|<\?[\s\S]*?\?>|<!\[CDATA\[([\s\S]*?)\]\]>|<(\/?)([A-Za-z_][\w.:-]*)((?:\s+[\w.:-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>|([^<]+)/y;

/**
 * Reads the plain XML that configuration files are: elements, attributes and text. `undefined` for what isn't well-formed, has
 * a document type, or is too deep or too much.
 */
export function parseXml(source: string): Element | undefined {
  const text = source.replace(/^\uFEFF/, '');
  const root: Open = { name: '', attributes: {}, children: [], text: '' };
  const open: Open[] = [root];
  let count = 0;
  for (let at = 0; at < text.length; at = token.lastIndex) {
    token.lastIndex = at;
    const match = token.exec(text);
    const top = open.at(-1);
    if (match === null || top === undefined) return undefined;
    const [, cdata, close, name, attributes = '', empty, plain] = match;
    if (cdata !== undefined) top.text += cdata;
    if (plain !== undefined) top.text += plain;
    if (name === undefined) continue;
    if (close === '/') {
      if (top.name !== name || open.length === 1) return undefined;
      open.pop();
      open.at(-1)?.children.push(closed(top));
      continue;
    }
    count += 1;
    const element: Open = { name, attributes: attributesIn(attributes), children: [], text: '' };
    if (empty === '/') top.children.push(closed(element));
    else open.push(element);
    if (count > maxElements || open.length > maxDepth) return undefined;
  }
  const [only, more] = root.children;
  return open.length === 1 && more === undefined ? only : undefined;
}

function closed({ name, attributes, children, text }: Open): Element {
  return { name: localName(name), attributes, children, text: decoded(text.trim()) };
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

function attributesIn(text: string): Readonly<Record<string, string>> {
  const found = [...text.matchAll(/([\w.:-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g)];
  return Object.fromEntries(found.map(([, name = '', one, other]) => [name, decoded(one ?? other ?? '')]));
}

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

function decoded(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-fA-F]{1,6})|(\w+));/g, (whole, decimal, hex, name) => {
    if (name !== undefined) return entities[name as string] ?? whole;
    const code = decimal === undefined ? Number.parseInt(hex as string, 16) : Number(decimal);
    return code <= 0x10_ffff ? String.fromCodePoint(code) : whole;
  });
}

/** The elements that a path of names leads to. */
export function elementsAt(root: Element, ...names: readonly string[]): readonly Element[] {
  let found: readonly Element[] = [root];
  for (const name of names)
    found = found.flatMap(({ children }) => children.filter((one) => one.name === name));
  return found;
}

export function textAt(root: Element, ...names: readonly string[]): string | undefined {
  const text = elementsAt(root, ...names)[0]?.text;
  return text === '' ? undefined : text;
}
