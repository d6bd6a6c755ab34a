import type { Chunk } from './split.ts';

/** A long list of resources, taken apart without parsing it whole. */
export interface SplitList {
  /** The document with its items taken out: tells the list's own kind. */
  readonly header: string;
  /** In the document. */
  readonly items: readonly Chunk[];
}

/** UTF-16 units from which a list is worth splitting: below, its tree is no burden. */
export const splitListLength = 1024 * 1024;

/**
 * Finds the `items` of a document as `kubectl get -o json` and `-o yaml` write it, so that a list of a hundred
 * thousand pods needs the memory of one. `undefined` where the text is written in another way: then it is parsed
 * whole.
 */
export function splitList(text: string): SplitList | undefined {
  return /^\s{0,1000}\{/.test(text) ? splitJson(text) : splitYaml(text);
}

const quote = 34;
const backslash = 92;
const openers: ReadonlySet<number> = new Set([91, 123]);
const closers: ReadonlySet<number> = new Set([93, 125]);

function splitJson(text: string): SplitList | undefined {
  const open = jsonItemsStart(text);
  if (open === undefined) return undefined;
  const items: Chunk[] = [];
  let depth = 0;
  let start = open + 1;
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === quote) at = endOfString(text, at);
    else if (openers.has(code)) depth++;
    else if (closers.has(code) && depth-- === 0) {
      if (text.slice(start, at).trim() !== '') items.push({ start, end: at });
      return { header: text.slice(0, open + 1) + text.slice(at), items };
    } else if (code === 44 && depth === 0) {
      items.push({ start, end: at });
      start = at + 1;
    }
  }
  return undefined;
}

/** The offset of the bracket after a top-level `"items":`. */
function jsonItemsStart(text: string): number | undefined {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (openers.has(code)) depth++;
    else if (closers.has(code)) depth--;
    else if (code === quote) {
      const end = endOfString(text, at);
      if (depth === 1 && text.slice(at, end + 1) === '"items"') {
        const bracket = /^\s{0,100}:\s{0,100}\[/.exec(text.slice(end + 1, end + 300));
        if (bracket !== null) return end + bracket[0].length;
      }
      at = end;
    }
  }
  return undefined;
}

function endOfString(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === backslash) at++;
    else if (code === quote) return at;
  }
  return text.length;
}

/** An alias could refer to another item's anchor, so such a list stays whole. */
const alias = /(?:^|[\s,[{])\*[^\s,\]}]{1,200}\s{0,100}(?:$|[,\]}])/m;

function splitYaml(text: string): SplitList | undefined {
  const head = /^items:[ \t]*\r?\n/m.exec(text);
  if (head === null || (text.includes('*') && alias.test(text))) return undefined;
  const first = head.index + head[0].length;
  const items: Chunk[] = [];
  let start = -1;
  let end = first;
  // Lines at the margin: an item's first line, or the end of the list.
  for (const match of text.slice(first).matchAll(/^[^\s#].*$/gm)) {
    const at = first + match.index;
    const isItem = /^-(?:\s|$)/.test(match[0].slice(0, 2));
    if (start >= 0) items.push({ start, end: at });
    else if (!isItem) return undefined;
    start = isItem ? at : -1;
    end = at;
    if (!isItem) break;
  }
  if (start >= 0) {
    items.push({ start, end: text.length });
    end = text.length;
  }
  return items.length === 0
    ? undefined
    : { header: `${text.slice(0, head.index)}items: []\n${text.slice(end)}`, items };
}
