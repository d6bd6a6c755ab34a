/** One instruction: its logical line, comments and line continuations taken out. */
export interface Instruction {
  /** Upper case. */
  readonly keyword: string;
  /** What follows the keyword. */
  readonly words: readonly Word[];
  readonly offset: number;
}

/** A word and where its first character stands in the file. */
export interface Word {
  readonly text: string;
  readonly offset: number;
}

export interface ParsedDockerfile {
  readonly escape: '\\' | '`';
  /** The image of a `# syntax=` directive. */
  readonly syntax: Word | undefined;
  readonly instructions: readonly Instruction[];
  /** Where the reading ended, in a file with more lines than the limit. */
  readonly cutAt: number | undefined;
}

/** Words kept of one instruction: flags stand first, and no FROM or ARG has more. */
const maxWords = 1_000;
/** Physical lines that are read. */
const maxLines = 200_000;
/** UTF-16 units of one physical line that are split into words. */
const maxPartLength = 64 * 1024;

interface Line {
  readonly start: number;
  readonly text: string;
}

/**
 * Splits a Dockerfile into instructions by BuildKit's rules (Dockerfile reference: "Format", "Parser directives",
 * "Escape", "Here-documents"). Our own because the kept library needs 16 s for a line of 10 MB; this is one pass.
 */
export function parseDockerfile(text: string): ParsedDockerfile {
  const lines = physicalLines(text);
  const directives = readDirectives(lines);
  const lastLineOf = new Map<string, number>();
  lines.forEach((line, index) => {
    lastLineOf.set(line.text.trim(), index);
  });
  const instructions: Instruction[] = [];
  let index = directives.end;
  while (index < lines.length) {
    const logical = logicalLine(lines, index, directives.escape);
    index = logical.end;
    const instruction = toInstruction(logical.parts);
    if (instruction === undefined) continue;
    instructions.push(instruction);
    index = skipHeredocs(instruction, { lines, lastLineOf, start: index });
  }
  const last = lines.length >= maxLines ? lines.at(-1) : undefined;
  return { escape: directives.escape, syntax: directives.syntax, instructions, cutAt: last?.start };
}

function physicalLines(text: string): Line[] {
  const lines: Line[] = [];
  const breaks = /\r\n|\r|\n/g;
  let start = 0;
  for (const match of text.matchAll(breaks)) {
    lines.push({ start, text: text.slice(start, match.index) });
    start = match.index + match[0].length;
    if (lines.length >= maxLines) return lines;
  }
  lines.push({ start, text: text.slice(start) });
  return lines;
}

interface Directives {
  readonly escape: '\\' | '`';
  readonly syntax: Word | undefined;
  /** The first line after the directives. */
  readonly end: number;
}

/** Directives stand before anything else, comments and blank lines included. */
function readDirectives(lines: readonly Line[]): Directives {
  let mark: '\\' | '`' = '\\';
  let syntax: Word | undefined;
  let end = lines[0]?.text.startsWith('#!') === true ? 1 : 0;
  for (; end < lines.length; end++) {
    const line = lines[end];
    const match = /^\s*#\s*([A-Za-z][A-Za-z0-9]*)\s*=\s*(\S*)\s*$/.exec(line?.text.slice(0, 4096) ?? '');
    if (line === undefined || match?.[1] === undefined || match[2] === undefined) break;
    const name = match[1].toLowerCase();
    if (name === 'escape' && match[2] === '`') mark = '`';
    else if (name === 'syntax' && match[2] !== '')
      syntax = { text: match[2], offset: line.start + line.text.lastIndexOf(match[2]) };
  }
  return { escape: mark, syntax, end };
}

/** Joins a line with those it continues on. Comment and blank lines between them are no part of it. */
function logicalLine(lines: readonly Line[], from: number, mark: string): { parts: Line[]; end: number } {
  const parts: Line[] = [];
  let index = from;
  for (; index < lines.length; index++) {
    const line = lines[index];
    if (line === undefined) break;
    const bare = line.text.trim();
    if (bare === '' || bare.startsWith('#')) {
      if (parts.length === 0) return { parts, end: index + 1 };
      continue;
    }
    const trimmed = line.text.trimEnd();
    if (!trimmed.endsWith(mark)) {
      parts.push(line);
      return { parts, end: index + 1 };
    }
    parts.push({ start: line.start, text: trimmed.slice(0, -1) });
  }
  return { parts, end: index };
}

function toInstruction(parts: readonly Line[]): Instruction | undefined {
  const words = wordsOf(parts);
  const [keyword, ...rest] = words;
  if (keyword === undefined) return undefined;
  return { keyword: keyword.text.toUpperCase(), words: rest, offset: keyword.offset };
}

/**
 * Words across parts: a continuation in the middle of a word joins its halves. Quotes hold blanks together and stay
 * in the text. One pass, whatever the quotes do.
 */
function wordsOf(parts: readonly Line[]): Word[] {
  const words: Word[] = [];
  let open: { text: string; offset: number } | undefined;
  let quote = '';
  for (const part of parts) {
    const text = part.text.slice(0, maxPartLength);
    for (let at = 0; at < text.length && words.length < maxWords; at++) {
      const character = text.charAt(at);
      if (quote === '' && (character === ' ' || character === '\t')) {
        if (open !== undefined) words.push(open);
        open = undefined;
        continue;
      }
      if (quote === '' ? character === '"' || character === "'" : character === quote)
        quote = quote === '' ? character : '';
      open ??= { text: '', offset: part.start + at };
      open.text += character;
    }
  }
  if (open !== undefined) words.push(open);
  return words;
}

interface HeredocContext {
  readonly lines: readonly Line[];
  /** The last line with a text: tells at once where a terminator doesn't come. */
  readonly lastLineOf: ReadonlyMap<string, number>;
  readonly start: number;
}

const heredocKeywords: ReadonlySet<string> = new Set(['RUN', 'COPY', 'ADD']);

/** Skips the bodies of here-documents. One that is never closed is taken for a shell's `<<` and skips nothing. */
function skipHeredocs(instruction: Instruction, context: HeredocContext): number {
  const nested = instruction.keyword === 'ONBUILD' ? instruction.words[0]?.text.toUpperCase() : undefined;
  if (!heredocKeywords.has(nested ?? instruction.keyword)) return context.start;
  let index = context.start;
  for (const word of instruction.words) {
    const match = /^[0-9]{0,3}<<-?(["']?)([A-Za-z_][A-Za-z0-9_.]*)\1/.exec(word.text);
    const name = match?.[2];
    if (name === undefined || (context.lastLineOf.get(name) ?? -1) < index) continue;
    while (index < context.lines.length && context.lines[index]?.text.trim() !== name) index++;
    index++;
  }
  return index;
}
