import { UsageError } from '../core/index.ts';

const maxWords = 1000;

/**
 * Reads words from a repeated option: each text is a word as it is, or a JSON array of words. No text is split, as
 * Kubernetes splits none. `undefined` for an empty list, which Kubernetes takes for none at all.
 * @throws UsageError `USAGE`
 */
export function readWords(texts: readonly string[], origin: string): readonly string[] | undefined {
  const words = texts.flatMap((text) => (isArray(text) ? fromJson(text, origin) : [text]));
  return words.length === 0 ? undefined : words;
}

/**
 * As `readWords`, of words that start with a program.
 * @throws UsageError `USAGE`, also for a first word with spaces, which is a whole command line by mistake.
 */
export function readProgram(texts: readonly string[], origin: string): readonly string[] | undefined {
  const [first = ''] = texts;
  if (isArray(first) || !/\s/.test(first)) return readWords(texts, origin);
  throw new UsageError('USAGE', `${origin} "${first}" is one word with spaces in it, not several words`, {
    hint: `Write ${origin} once for each word, or as a JSON array: ${origin} '${arrayOf(first)}'`,
  });
}

/**
 * Reads one whole command: a JSON array, or a text with spaces between its words.
 * @throws UsageError `USAGE`, also for quotes, which only a shell could interpret.
 */
export function readCommand(command: string | readonly string[], origin: string): readonly string[] {
  const words = typeof command === 'string' ? splitCommand(command, origin) : command;
  if (words.length > 0 && words[0] !== '') return words;
  throw new UsageError('USAGE', `${origin} names no program`, { hint: `Write it like 'nginx -v'.` });
}

function splitCommand(text: string, origin: string): readonly string[] {
  if (isArray(text)) return fromJson(text, origin);
  if (/["'\\]/.test(text)) {
    throw new UsageError('USAGE', `${origin} "${text}" holds quotes, and no shell reads it`, {
      hint: `Write it as a JSON array: '["sh", "-c", "…"]'`,
    });
  }
  return text.split(/\s+/).filter((word) => word !== '');
}

function isArray(text: string): boolean {
  return text.trimStart().startsWith('[');
}

function fromJson(text: string, origin: string): readonly string[] {
  const value = parse(text);
  if (Array.isArray(value) && value.length <= maxWords && value.every((word) => typeof word === 'string')) {
    return value;
  }
  throw new UsageError('USAGE', `${origin} '${text}' is not a JSON array of words`, {
    hint: `Write it like '["/bin/sh", "-c", "exec server"]'.`,
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function arrayOf(text: string): string {
  return JSON.stringify(text.trim().split(/\s+/));
}
