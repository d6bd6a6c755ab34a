import { type OptionSyntax, readOptions } from './option-words.ts';
import type { Surroundings, Word } from './surroundings.ts';
import { baseName, shown } from './text.ts';

/** What a shell is told to run. */
export type ShellCall =
  | { readonly kind: 'none' }
  /** A file of commands that it reads. */
  | { readonly kind: 'file' }
  | {
      readonly kind: 'text';
      readonly text: string;
      /** It reads files first that may set another PATH. */
      readonly startupFiles: boolean;
      /** A command that fails ends it (`-e`). */
      readonly errexit: boolean;
    }
  | { readonly kind: 'unsure'; readonly why: string };

const shells: ReadonlySet<string> = new Set(['sh', 'bash', 'dash', 'ash', 'ksh', 'mksh', 'zsh', 'rbash']);

/** Options of POSIX `sh`, and those of bash that change nothing here. */
const syntax: OptionSyntax = {
  flags: 'abcefhiklmnpstuvxBCEHPT',
  valued: 'oO',
  longFlags: ['login', 'noprofile', 'norc', 'posix', 'noediting'],
};

/** Reads a shell's command line; `undefined` where the words start no shell (POSIX `sh`, bash(1)). */
export function readShellCall(words: readonly Word[], around: Surroundings): ShellCall | undefined {
  const name = baseName(words[0] ?? '');
  if (!shells.has(name)) return undefined;
  const read = readOptions(words, syntax);
  if (read.kind === 'unsure') {
    const what = read.word === undefined ? 'a value that is known only at run time' : shown(read.word);
    return { kind: 'unsure', why: `what ${shown(name)} runs depends on ${what}` };
  }
  const given = new Set(read.options.map((option) => option.name));
  // A lone hyphen ends the options too.
  const operands = words.slice(words[read.rest] === '-' ? read.rest + 1 : read.rest);
  if (!given.has('c')) return { kind: operands.length === 0 || given.has('s') ? 'none' : 'file' };
  if (operands.length === 0) return { kind: 'none' };
  const [text] = operands;
  if (text === undefined)
    return { kind: 'unsure', why: `the text for ${shown(name)} is known only at run time` };
  const readsMore = name === 'zsh' || (name === 'bash' && around.variables.has('BASH_ENV'));
  return {
    kind: 'text',
    text,
    startupFiles: readsMore || ['l', 'login', 'i'].some((option) => given.has(option)),
    errexit:
      given.has('e') || read.options.some(({ name: option, value }) => option === 'o' && value === 'errexit'),
  };
}
