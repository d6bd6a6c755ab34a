/** A document's range in its text: from the `---` that starts it to the next one. */
export interface Chunk {
  readonly start: number;
  readonly end: number;
}

/**
 * Splits a stream at its document markers without parsing: YAML gives `---` at the start of a line no other meaning,
 * not even inside quotes or block scalars (YAML 1.2.2, section 9.1.2, c-forbidden). So one broken document doesn't
 * take the others along, and no more than one is in memory. Directives stay with the document they precede.
 */
export function* splitDocuments(text: string): Generator<Chunk> {
  let start = 0;
  for (let at = nextMarker(text, 0); at >= 0; at = nextMarker(text, at + 3)) {
    if (at > start && !isPrologue(text, start, at)) {
      yield { start, end: at };
      start = at;
    }
  }
  if (start < text.length) yield { start, end: text.length };
}

function nextMarker(text: string, from: number): number {
  for (let at = text.indexOf('---', from); at >= 0; at = text.indexOf('---', at + 1)) {
    const before = at === 0 ? 10 : text.charCodeAt(at - 1);
    if ((before === 10 || before === 13) && /^(?:\s|$)/.test(text.charAt(at + 3))) return at;
  }
  return -1;
}

/** Only comments, blank lines and at least one directive: the marker that follows starts the first document. */
function isPrologue(text: string, start: number, end: number): boolean {
  let hasDirective = false;
  for (const [line] of text.slice(start, end).matchAll(/[^\r\n]+/g)) {
    if (line.startsWith('%')) hasDirective = true;
    else if (!line.startsWith('#') && line.trim() !== '') return false;
  }
  return hasDirective;
}
