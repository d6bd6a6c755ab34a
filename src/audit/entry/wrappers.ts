import { type OptionSyntax, type ReadOptions, readOptions } from './option-words.ts';
import {
  changedDirectory,
  type Surroundings,
  type Word,
  withUnknownPath,
  withVariable,
} from './surroundings.ts';
import { baseName, shown } from './text.ts';

/** What a program starts next. `nothing`: no other program, as far as is known. */
export type HandedOn =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'words'; readonly words: readonly Word[]; readonly around: Surroundings }
  | { readonly kind: 'unsure'; readonly why: string };

interface Wrapper extends OptionSyntax {
  /** Words before the command: a user, a duration. */
  readonly operands?: number;
  /** Options with which the command gets another PATH. */
  readonly changesPath?: readonly string[];
}

const tini: Wrapper = { flags: 'svwg', valued: 'peR' };
const asUser: Wrapper = { operands: 1 };

/** Programs that start the command in their arguments, by name, with the options of their manuals. */
const wrappers: ReadonlyMap<string, Wrapper> = new Map([
  ['tini', tini],
  ['tini-static', tini],
  ['docker-init', tini],
  [
    'dumb-init',
    { flags: 'cv', valued: 'r', longFlags: ['single-child', 'verbose'], longValued: ['rewrite'] },
  ],
  ['catatonit', { flags: 'g' }],
  ['gosu', asUser],
  ['su-exec', asUser],
  ['setuidgid', asUser],
  ['s6-setuidgid', asUser],
  ['s6-applyuidgid', { flags: 'Uz', valued: 'ugG' }],
  [
    'setpriv',
    {
      longFlags: ['nnp', 'no-new-privs', 'clear-groups', 'keep-groups', 'init-groups', 'reset-env'],
      longValued: [
        ...['ruid', 'euid', 'rgid', 'egid', 'reuid', 'regid', 'groups', 'securebits', 'pdeathsig'],
        ...['ambient-caps', 'inh-caps', 'bounding-set', 'selinux-label', 'apparmor-profile'],
      ],
      changesPath: ['reset-env'],
    },
  ],
  ['nice', { flags: '0123456789', valued: 'n', longValued: ['adjustment'] }],
  ['ionice', { flags: 't', valued: 'cn', longFlags: ['ignore'], longValued: ['class', 'classdata'] }],
  ['nohup', {}],
  ['setsid', { flags: 'cfw', longFlags: ['ctty', 'fork', 'wait'] }],
  ['stdbuf', { valued: 'ioe', longValued: ['input', 'output', 'error'] }],
  [
    'timeout',
    {
      flags: 'fpv',
      valued: 'ks',
      longFlags: ['foreground', 'preserve-status', 'verbose'],
      longValued: ['kill-after', 'signal'],
      operands: 1,
    },
  ],
]);

/** Programs that start others by rules of their own. */
const closedWrappers: ReadonlySet<string> = new Set([
  ...['su', 'sudo', 'doas', 'runuser', 'chroot', 'unshare', 'nsenter', 'chpst', 'capsh', 'start-stop-daemon'],
  ...['taskset', 'chrt', 'numactl', 'flock', 'time', 'xargs', 'strace', 'ltrace', 'watch', 'script'],
]);

/** What a wrapper such as tini starts, by its words. */
export function handedOnByWrapper(words: readonly Word[], around: Surroundings): HandedOn {
  const name = baseName(words[0] ?? '');
  if (name === 'env') return handedOnByEnv(words, around);
  if (closedWrappers.has(name))
    return words.length > 1 ? unsure(`${shown(name)} starts other programs by rules of its own`) : nothing;
  const wrapper = wrappers.get(name);
  if (wrapper === undefined) return nothing;
  const read = readOptions(words, wrapper);
  if (read.kind === 'unsure') return unsureOption(name, read);
  const command = words.slice(read.rest + (wrapper.operands ?? 0));
  const known = words.slice(read.rest, read.rest + (wrapper.operands ?? 0));
  if (known.includes(undefined)) return unsureOption(name, { kind: 'unsure', word: undefined });
  const changed = read.options.some(({ name: option }) => wrapper.changesPath?.includes(option));
  return handedOn(command, changed ? withUnknownPath(around) : around);
}

const nothing: HandedOn = { kind: 'nothing' };

function handedOn(words: readonly Word[], around: Surroundings): HandedOn {
  return words.length === 0 ? nothing : { kind: 'words', words, around };
}

function unsure(why: string): HandedOn {
  return { kind: 'unsure', why };
}

function unsureOption(name: string, { word }: Extract<ReadOptions, { kind: 'unsure' }>): HandedOn {
  return unsure(
    word === undefined
      ? `what ${shown(name)} starts depends on a value that is known only at run time`
      : `what ${shown(name)} starts depends on its option ${shown(word)}, which armload does not know`,
  );
}

const envSyntax: OptionSyntax = {
  flags: 'i0v',
  valued: 'uC',
  longFlags: [
    ...['ignore-environment', 'null', 'debug'],
    ...['default-signal', 'ignore-signal', 'block-signal', 'list-signal-handling'],
  ],
  longValued: ['unset', 'chdir'],
};

/** Options, assignments, then the command (env(1)); it is searched on the PATH that env has made. */
function handedOnByEnv(words: readonly Word[], before: Surroundings): HandedOn {
  const read = readOptions(words, envSyntax);
  if (read.kind === 'unsure') return unsureOption('env', read);
  let around = before;
  for (const { name, value } of read.options) {
    if (name === 'i' || name === 'ignore-environment') around = emptied(around);
    else if (name === 'u' || name === 'unset') around = withVariable(around, value ?? 'PATH', undefined);
    else if (name === 'C' || name === 'chdir') around = changedDirectory(around, value);
  }
  let at = read.rest;
  // A lone hyphen is an old way to write -i.
  if (words[at] === '-') {
    around = emptied(around);
    at++;
  }
  const assigned = new Map(around.variables);
  for (; at < words.length; at++) {
    const word = words[at];
    if (word === undefined) return unsureOption('env', { kind: 'unsure', word });
    const equals = word.indexOf('=');
    if (equals < 0) break;
    assigned.set(word.slice(0, equals), word.slice(equals + 1));
  }
  return handedOn(words.slice(at), { ...around, variables: assigned });
}

/** Without a PATH the C library searches directories of its own. */
function emptied(around: Surroundings): Surroundings {
  return { ...around, variables: new Map([['PATH', undefined]]) };
}
