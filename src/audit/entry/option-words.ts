import { limits } from './limits.ts';
import type { Word } from './surroundings.ts';

/** The options of a program that stops at its first operand. */
export interface OptionSyntax {
  /** Letters of options without an argument. */
  readonly flags?: string;
  /** Letters of options with one, joined to the letter or the next word. */
  readonly valued?: string;
  /** Names of options without an argument. */
  readonly longFlags?: readonly string[];
  /** Names of options with one, behind `=` or the next word. */
  readonly longValued?: readonly string[];
}

export interface GivenOption {
  /** The letter or the name. */
  readonly name: string;
  readonly value?: Word;
}

/** `rest`: index of the first operand. `unsure`: a word that is not known to be an option, and may be one. */
export type ReadOptions =
  | { readonly kind: 'read'; readonly options: readonly GivenOption[]; readonly rest: number }
  | { readonly kind: 'unsure'; readonly word: Word };

/** Reads options up to the first operand (POSIX "Utility Syntax Guidelines", with GNU's long options). */
export function readOptions(words: readonly Word[], syntax: OptionSyntax, start = 1): ReadOptions {
  const options: GivenOption[] = [];
  let at = start;
  for (; at < words.length; ) {
    const word = words[at];
    if (word === undefined || at > limits.words) return { kind: 'unsure', word };
    if (word === '--') return { kind: 'read', options, rest: at + 1 };
    if (!word.startsWith('-') || word === '-') break;
    const read = word.startsWith('--') ? readLong(words, at, syntax) : readShort(words, at, syntax);
    if (read === undefined) return { kind: 'unsure', word };
    options.push(...read.options);
    at += read.words;
  }
  return { kind: 'read', options, rest: at };
}

interface OneWord {
  readonly options: readonly GivenOption[];
  /** How many words it takes. */
  readonly words: number;
}

function readLong(words: readonly Word[], at: number, syntax: OptionSyntax): OneWord | undefined {
  const word = words[at] ?? '';
  const equals = word.indexOf('=');
  const name = word.slice(2, equals < 0 ? undefined : equals);
  if (syntax.longFlags?.includes(name) === true) return { options: [{ name }], words: 1 };
  if (syntax.longValued?.includes(name) !== true) return undefined;
  if (equals >= 0) return { options: [{ name, value: word.slice(equals + 1) }], words: 1 };
  return { options: [{ name, value: words[at + 1] }], words: 2 };
}

function readShort(words: readonly Word[], at: number, syntax: OptionSyntax): OneWord | undefined {
  const word = words[at] ?? '';
  const options: GivenOption[] = [];
  // More letters than a program has are no options, but somebody's test of us.
  for (let letter = 1; letter < Math.min(word.length, limits.words); letter++) {
    const name = word.charAt(letter);
    if (syntax.valued?.includes(name) === true) {
      const joined = word.slice(letter + 1);
      if (joined !== '') return { options: [...options, { name, value: joined }], words: 1 };
      return { options: [...options, { name, value: words[at + 1] }], words: 2 };
    }
    if (syntax.flags?.includes(name) !== true) return undefined;
    options.push({ name });
  }
  return { options, words: 1 };
}
