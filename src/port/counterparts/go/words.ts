/**
 * The words of a recorded flag, divided as the go command divides them (Go's `internal/quoted`): at white space, and a word
 * that begins with a quote ends at the next one. There are no escapes. `undefined` where a quote is left open.
 */
export function splitWords(text: string): readonly string[] | undefined {
  const words: string[] = [];
  let at = 0;
  while (at < text.length) {
    const char = text[at] ?? '';
    if (/[ \t\n\r]/.test(char)) {
      at += 1;
      continue;
    }
    const isQuoted = char === '"' || char === "'";
    const end = isQuoted ? text.indexOf(char, at + 1) : endOfWord(text, at);
    if (end < 0) return undefined;
    words.push(text.slice(isQuoted ? at + 1 : at, end));
    at = isQuoted ? end + 1 : end;
  }
  return words;
}

function endOfWord(text: string, from: number): number {
  const length = text.slice(from).search(/[ \t\n\r]/);
  return length < 0 ? text.length : from + length;
}

const simpleEscapes: Readonly<Record<string, string>> = {
  ...{ a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' },
  ...{ '\\': '\\', '"': '"' },
};
const escapes = /\\(?:[abfnrtv\\"]|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{3})/g;

/**
 * A key or value of a build setting: as it is, or quoted as a Go string (`strconv.Quote`). `undefined` for one that can't be
 * passed to a program: not UTF-8, with a zero byte in it, or badly quoted.
 */
export function unquote(text: string): string | undefined {
  const value = unquoted(text);
  return value === undefined || /[\0\ufffd]/.test(value) ? undefined : value;
}

function unquoted(text: string): string | undefined {
  const quote = text[0];
  if (quote !== '"' && quote !== '`') return text;
  if (text.length < 2 || !text.endsWith(quote)) return undefined;
  const inner = text.slice(1, -1);
  if (quote === '`') return inner.includes('`') ? undefined : inner;
  if (/["\\]/.test(inner.replace(escapes, ''))) return undefined;
  // What is no character becomes one that nothing can hold.
  return inner.replace(escapes, (written) => characterOf(written) ?? '\0');
}

function characterOf(written: string): string | undefined {
  const kind = written[1] ?? '';
  const simple = simpleEscapes[kind];
  if (simple !== undefined) return simple;
  const isOctal = /[0-7]/.test(kind);
  const code = Number.parseInt(written.slice(isOctal ? 1 : 2), isOctal ? 8 : 16);
  const isByte = isOctal || kind === 'x';
  const isSurrogate = code >= 0xd800 && code < 0xe000;
  return (isByte && code >= 0x80) || code > 0x10_ffff || isSurrogate ? undefined : String.fromCodePoint(code);
}
