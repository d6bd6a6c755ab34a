/** A place in a text, both counted from 1; the column in UTF-16 units. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/**
 * Turns offsets into lines and columns. A line ends at LF, CR LF or a lone CR (YAML 1.2.2, section 5.4). The table
 * of line starts is made at the first question, so that a text without uses costs nothing.
 */
export class LineIndex {
  readonly #text: string;
  #starts: Uint32Array | undefined;

  constructor(text: string) {
    this.#text = text;
  }

  at(offset: number): Position {
    this.#starts ??= lineStarts(this.#text);
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (this.#starts[low] ?? 0) + 1 };
  }
}

/** Counted first and filled then: a file of blank lines only has millions of them. */
function lineStarts(text: string): Uint32Array {
  let count = 1;
  for (let at = nextLine(text, 0); at >= 0; at = nextLine(text, at)) count++;
  const starts = new Uint32Array(count);
  let index = 1;
  for (let at = nextLine(text, 0); at >= 0; at = nextLine(text, at)) starts[index++] = at;
  return starts;
}

/** The start of the line after this offset; -1 on the last line. */
function nextLine(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 10 || (code === 13 && text.charCodeAt(at + 1) !== 10)) return at + 1;
  }
  return -1;
}
