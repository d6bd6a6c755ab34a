import { readExpansion, skipBackticks } from './shell-expansions.ts';

/** A piece of a word: literal text, a variable's value, or something that is known only at run time. */
export type Piece =
  | { readonly kind: 'text'; readonly text: string; readonly quoted: boolean }
  | { readonly kind: 'variable'; readonly name: string; readonly quoted: boolean }
  | { readonly kind: 'dynamic' };

export type ShellToken =
  | { readonly kind: 'word'; readonly pieces: readonly Piece[] }
  | { readonly kind: 'separator'; readonly text: '&&' | '||' | '|' | ';' | '&' }
  /** The next word is a file. `writes`: it may make that file. */
  | { readonly kind: 'redirection'; readonly writes: boolean }
  /** From here on the text is not followed. */
  | { readonly kind: 'stop'; readonly why: string };

const separators = ['&&', '||', '|&', ';', '&', '|', '\n'] as const;

/**
 * Splits a text into the tokens of plain commands (POSIX "Shell Command Language", 2.3 and 2.6). Whatever else a shell
 * knows ends in one token that says so.
 */
export function* readShellTokens(text: string): Generator<ShellToken, undefined, undefined> {
  for (let at = 0; at < text.length; ) {
    const character = text.charAt(at);
    if (character === ' ' || character === '\t') {
      at++;
      continue;
    }
    if (text.startsWith('\\\n', at)) {
      at += 2;
      continue;
    }
    if (character === '#') {
      const end = text.indexOf('\n', at);
      at = end < 0 ? text.length : end;
      continue;
    }
    const redirection = readRedirection(text, at);
    const separator = redirection ?? readSeparator(text, at);
    const read = separator ?? readWord(text, at);
    yield read.token;
    if (read.token.kind === 'stop') return undefined;
    at = read.end;
  }
  return undefined;
}

interface Read {
  readonly token: ShellToken;
  readonly end: number;
}

function stop(why: string): Read {
  return { token: { kind: 'stop', why }, end: 0 };
}

const redirectionPattern = /(?:[0-9]{1,3})?(<<<|<<|<\(|>\(|<&|<>|<|>>|>&|>\||>)|&>>?/y;

function readRedirection(text: string, at: number): Read | undefined {
  redirectionPattern.lastIndex = at;
  const match = redirectionPattern.exec(text);
  if (match === null) return undefined;
  const operator = match[1] ?? '&>';
  if (operator.startsWith('<<')) return stop('a text that stands in the script itself (<<)');
  if (operator.endsWith('(')) return stop('a process substitution');
  const writes = !operator.startsWith('<') || operator === '<>';
  return { token: { kind: 'redirection', writes }, end: at + match[0].length };
}

function readSeparator(text: string, at: number): Read | undefined {
  const character = text.charAt(at);
  if (character === '(' || character === ')') return stop('a subshell or a function');
  if (text.startsWith(';;', at)) return stop('a case');
  const found = separators.find((separator) => text.startsWith(separator, at));
  if (found === undefined) return undefined;
  const end = at + found.length;
  if (found === '\n') return { token: { kind: 'separator', text: ';' }, end };
  return { token: { kind: 'separator', text: found === '|&' ? '|' : found }, end };
}

const endsWord = new Set([' ', '\t', '\n', ';', '&', '|', '<', '>', '(', ')']);
/** Characters that may stand for file names, home directories or several words where nothing quotes them. */
const special = /[*?[~{]/;

function readWord(text: string, start: number): Read {
  const pieces: Piece[] = [];
  let at = start;
  while (at < text.length && !endsWord.has(text.charAt(at))) {
    const piece = readPiece(text, at);
    if (typeof piece === 'string') return stop(piece);
    if (piece.pieces.length > 0) pieces.push(...piece.pieces);
    at = piece.end;
  }
  if (text.charAt(at) === '(') return stop('a subshell or a function');
  return { token: { kind: 'word', pieces: withoutPatterns(pieces) }, end: at };
}

/** `[` and `{` alone are commands, not patterns. */
function withoutPatterns(pieces: readonly Piece[]): readonly Piece[] {
  const [first] = pieces;
  if (pieces.length === 1 && first?.kind === 'text' && ['[', '[[', '{'].includes(first.text)) return pieces;
  return pieces.map((piece) =>
    piece.kind === 'text' && !piece.quoted && special.test(piece.text) ? { kind: 'dynamic' } : piece,
  );
}

interface ReadPieces {
  readonly pieces: readonly Piece[];
  readonly end: number;
}

/** One piece; a string says why the text can't be followed. */
function readPiece(text: string, at: number): ReadPieces | string {
  switch (text.charAt(at)) {
    case "'": {
      const end = text.indexOf("'", at + 1);
      if (end < 0) return 'a quote without its end';
      return { pieces: [{ kind: 'text', text: text.slice(at + 1, end), quoted: true }], end: end + 1 };
    }
    case '"':
      return readDoubleQuoted(text, at + 1);
    case '\\':
      if (text.charAt(at + 1) === '\n') return { pieces: [], end: at + 2 };
      return { pieces: [{ kind: 'text', text: text.charAt(at + 1), quoted: true }], end: at + 2 };
    case '`':
      return dynamicUntil(skipBackticks(text, at + 1));
    case '$':
      return readDollar(text, at, false);
    default: {
      const end = plainEnd(text, at);
      return { pieces: [{ kind: 'text', text: text.slice(at, end), quoted: false }], end };
    }
  }
}

function plainEnd(text: string, start: number): number {
  let at = start;
  while (at < text.length && !endsWord.has(text.charAt(at)) && !'\'"\\`$'.includes(text.charAt(at))) at++;
  return at;
}

function readDoubleQuoted(text: string, start: number): ReadPieces | string {
  // An empty pair of quotes is a word too.
  const pieces: Piece[] = [{ kind: 'text', text: '', quoted: true }];
  for (let at = start; at < text.length; ) {
    const character = text.charAt(at);
    if (character === '"') return { pieces, end: at + 1 };
    const piece = quotedPiece(text, at);
    if (typeof piece === 'string') return piece;
    pieces.push(...piece.pieces);
    at = piece.end;
  }
  return 'a quote without its end';
}

function quotedPiece(text: string, at: number): ReadPieces | string {
  const character = text.charAt(at);
  if (character === '$') return readDollar(text, at, true);
  if (character === '`') return dynamicUntil(skipBackticks(text, at + 1));
  if (character === '\\') {
    const next = text.charAt(at + 1);
    if (next === '\n') return { pieces: [], end: at + 2 };
    const literal = '$`"\\'.includes(next) ? next : `\\${next}`;
    return { pieces: [{ kind: 'text', text: literal, quoted: true }], end: at + 2 };
  }
  let end = at;
  while (end < text.length && !'"$`\\'.includes(text.charAt(end))) end++;
  return { pieces: [{ kind: 'text', text: text.slice(at, end), quoted: true }], end };
}

function readDollar(text: string, at: number, quoted: boolean): ReadPieces | string {
  const expansion = readExpansion(text, at);
  if (expansion === undefined) return 'a substitution that is more than armload follows';
  if (expansion.kind === 'literal')
    return { pieces: [{ kind: 'text', text: '$', quoted: true }], end: at + 1 };
  if (expansion.kind === 'variable')
    return { pieces: [{ kind: 'variable', name: expansion.name, quoted }], end: expansion.end };
  return dynamicUntil(expansion.end);
}

function dynamicUntil(end: number | undefined): ReadPieces | string {
  if (end === undefined) return 'a substitution that is more than armload follows';
  return { pieces: [{ kind: 'dynamic' }], end };
}
