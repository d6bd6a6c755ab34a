import { interpolate, type Lookup } from '../interpolate.ts';

/** UTF-16 units of an `.env` file that are read, and variables taken from it. */
const maxLength = 1024 * 1024;
const maxVariables = 10_000;
/** UTF-16 units of all values together, which variables in variables could multiply. */
const maxTotal = 4 * 1024 * 1024;

const assignment = /^[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.-]*)[ \t]*(?:([=:])[ \t]*)?/;

/**
 * Reads an `.env` file by Compose's rules (Compose documentation, ".env file syntax"): `export`, comments, single
 * quotes as they are, double quotes with escapes, quotes over several lines, variables in all but single quotes. A
 * value whose variables can't be told is left out. `outer` answers for names that aren't in the file.
 */
export function parseDotenv(text: string, outer: Lookup): Map<string, string> {
  const values = new Map<string, string>();
  const content = text
    .slice(0, maxLength)
    .replace(/^\uFEFF/, '')
    .replace(/\r\n?/g, '\n');
  let at = 0;
  let total = 0;
  while (at < content.length && values.size < maxVariables && total < maxTotal) {
    const lineEnd = endOfLine(content, at);
    const line = content.slice(at, lineEnd);
    const match = assignment.exec(line.slice(0, 4096));
    at = lineEnd + 1;
    if (match?.[1] === undefined) continue;
    const read =
      match[2] === undefined ? undefined : readValue(content, lineEnd - line.length + match[0].length);
    if (read === undefined) inherit(match[1], line, { values, outer });
    else {
      at = read.end;
      const value = read.literal ? read.text : expand(read.text, { values, outer });
      if (value !== undefined) values.set(match[1], value);
      total += value?.length ?? 0;
    }
  }
  return values;
}

interface Names {
  readonly values: Map<string, string>;
  readonly outer: Lookup;
}

/** A name without a value takes it from the environment. */
function inherit(name: string, line: string, { values, outer }: Names): void {
  if (line.trim() !== name && line.trim() !== `export ${name}`) return;
  const value = outer(name);
  if (typeof value === 'string') values.set(name, value);
}

function expand(text: string, { values, outer }: Names): string | undefined {
  return interpolate(text, {
    escape: '\\',
    // The environment wins over the file, here as everywhere.
    lookup: (name) => outer(name) ?? values.get(name),
    unset: (name) => `the variable ${name} is not set`,
  }).text;
}

interface ReadValue {
  readonly text: string;
  readonly literal: boolean;
  /** Where the next line starts. */
  readonly end: number;
}

function readValue(text: string, start: number): ReadValue {
  const quote = text.charAt(start);
  if (quote === "'" || quote === '"') {
    const close = closingQuote(text, start + 1, quote);
    if (close >= 0) {
      const inner = text.slice(start + 1, close);
      const value = quote === '"' ? unescaped(inner) : inner;
      return { text: value, literal: quote === "'", end: endOfLine(text, close) + 1 };
    }
  }
  const end = endOfLine(text, start);
  const raw = text.slice(start, end);
  const comment = /(?:^|[ \t])#/.exec(raw);
  const bare = (comment === null ? raw : raw.slice(0, comment.index)).trim();
  return { text: bare, literal: false, end: end + 1 };
}

function closingQuote(text: string, from: number, quote: string): number {
  for (let at = from; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === '\\' && quote === '"') at++;
    else if (character === quote) return at;
  }
  return -1;
}

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '"': '"', '\\': '\\' };

function unescaped(text: string): string {
  return text.replace(/\\([nrt"\\])/g, (_, character: string) => escapes[character] ?? character);
}

function endOfLine(text: string, from: number): number {
  const at = text.indexOf('\n', from);
  return at < 0 ? text.length : at;
}
