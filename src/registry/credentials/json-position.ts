/** A place in a text, both from 1; columns in UTF-16 units. */
export interface TextPosition {
  readonly line: number;
  readonly column: number;
}

type Expected = 'value' | 'value-or-end' | 'key' | 'key-or-end' | 'colon' | 'comma-or-end' | 'nothing';

/**
 * Where a text stops being JSON. JSON.parse tells this only sometimes, and its message quotes the text, which in an auth
 * file is a secret. Call it for texts that JSON.parse refused.
 */
export function jsonErrorPosition(text: string): TextPosition {
  const before = text.slice(0, errorOffset(text)).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

function errorOffset(text: string): number {
  const open: string[] = [];
  let expected: Expected = 'value';
  let at = skipSpace(text, 0);
  while (at < text.length) {
    const end = tokenEnd(text, at);
    const next: Expected | undefined = end === undefined ? undefined : step(text.charAt(at), expected, open);
    if (end === undefined || next === undefined) return at;
    expected = next;
    at = skipSpace(text, end);
  }
  return at;
}

/** What may follow the token that starts with `first`, or undefined where the token can't stand. */
function step(first: string, expected: Expected, open: string[]): Expected | undefined {
  const close = open.at(-1) === '{' ? '}' : ']';
  if (first === close && open.length > 0 && expected.endsWith('-or-end')) {
    open.pop();
    return afterValue(open);
  }
  if (expected === 'comma-or-end') return first !== ',' ? undefined : open.at(-1) === '{' ? 'key' : 'value';
  if (expected === 'colon') return first === ':' ? 'value' : undefined;
  if (expected === 'key' || expected === 'key-or-end') return first === '"' ? 'colon' : undefined;
  if (expected === 'nothing' || ',:]}'.includes(first)) return undefined;
  if (first !== '{' && first !== '[') return afterValue(open);
  open.push(first);
  return first === '{' ? 'key-or-end' : 'value-or-end';
}

function afterValue(open: readonly string[]): Expected {
  return open.length === 0 ? 'nothing' : 'comma-or-end';
}

function tokenEnd(text: string, at: number): number | undefined {
  const first = text.charAt(at);
  if ('{}[],:'.includes(first)) return at + 1;
  if (first === '"') return stringEnd(text, at);
  const scalar =
    /(?:true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)(?![0-9A-Za-z.+-])/y;
  scalar.lastIndex = at;
  return scalar.test(text) ? scalar.lastIndex : undefined;
}

function stringEnd(text: string, start: number): number | undefined {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 0x20) return undefined;
    if (code === 0x22) return at + 1;
    if (code === 0x5c && !/^(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/.test(text.slice(++at, at + 5))) return undefined;
  }
  return undefined;
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && ' \t\r\n'.includes(text.charAt(at))) at++;
  return at;
}
