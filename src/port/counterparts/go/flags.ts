import { splitWords } from './words.ts';

/** A sentence's end that says which flag can't be used, without the value it has. */
export type FlagProblem = string;

/**
 * What a program was built with is untrusted: the tools of the toolchain write and run files of any name. So only flags
 * that can't are passed on.
 */
interface FlagRule {
  readonly alone: ReadonlySet<string>;
  /** Their value follows, behind `=` or as the next word. */
  readonly valued: Readonly<Record<string, (value: string) => boolean>>;
}

const anything = (): boolean => true;
const truth = (value: string): boolean => /^(?:true|false|0|1)$/.test(value);

const linker: FlagRule = {
  alone: new Set(['-s', '-w', '-compressdwarf']),
  valued: {
    '-X': (value) => /^[^=\s]+=/.test(value),
    '-buildid': anything,
    // Of no effect without cgo, and often there.
    '-extldflags': (value) =>
      value.split(/\s+/).every((word) => /^(?:-static|-static-pie|-s|-w|)$/.test(word)),
    '-linkmode': (value) => value === 'internal' || value === 'auto',
    '-checklinkname': truth,
    '-compressdwarf': truth,
    '-s': truth,
    '-w': truth,
  },
};

const compiler: FlagRule = {
  alone: new Set(['-N', '-l', '-B', '-C', '-e', '-dwarf', '-shared']),
  valued: {
    '-l': (value) => /^[0-4]$/.test(value),
    '-c': (value) => /^[0-9]{1,2}$/.test(value),
    '-trimpath': anything,
    '-dwarf': truth,
    '-spectre': (value) => /^[a-z,]+$/.test(value),
  },
};

const assembler: FlagRule = {
  alone: new Set(),
  valued: { '-trimpath': anything, '-spectre': (value) => /^[a-z,]+$/.test(value) },
};

const rules: Readonly<Record<string, FlagRule>> = {
  '-ldflags': linker,
  '-gcflags': compiler,
  '-asmflags': assembler,
};

/** Flags for the linker, the compiler or the assembler, as the build settings have them. */
export function checkToolFlags(setting: string, text: string): FlagProblem | undefined {
  const rule = rules[setting];
  if (rule === undefined) return `${setting} is not known`;
  // `all=-N -l`: the packages that they hold for.
  const pattern = /^(?!-)([^=\s]*)=/.exec(text)?.[1];
  const words = splitWords(pattern === undefined ? text : text.slice(pattern.length + 1));
  if (words === undefined) return `a quote in ${setting} is left open`;
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    const checked = checkWord(rule, word, words[at + 1]);
    if (checked === 'bad') return `${setting} has ${nameOf(word)}, which is not passed on`;
    if (checked === 'two') at += 1;
  }
  return undefined;
}

function checkWord(rule: FlagRule, word: string, next: string | undefined): 'one' | 'two' | 'bad' {
  // `--s` is `-s` to Go.
  const flag = word.startsWith('--') ? word.slice(1) : word;
  const equals = flag.indexOf('=');
  const name = equals < 0 ? flag : flag.slice(0, equals);
  const isValid = Object.hasOwn(rule.valued, name) ? rule.valued[name] : undefined;
  if (equals >= 0) return isValid?.(flag.slice(equals + 1)) === true ? 'one' : 'bad';
  if (rule.alone.has(name)) return 'one';
  return next !== undefined && isValid?.(next) === true ? 'two' : 'bad';
}

/** Never the value: it may be a secret. */
function nameOf(word: string): string {
  const name = /^--?[A-Za-z0-9_.-]{1,40}/.exec(word)?.[0];
  return name === undefined ? 'a word that is no flag' : `"${name}"`;
}

export function checkTags(text: string): FlagProblem | undefined {
  return /^[\p{L}\p{N}_., ]{1,2000}$/u.test(text)
    ? undefined
    : '-tags has other characters than names of tags have';
}
