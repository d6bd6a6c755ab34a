import { readShellText } from './shell-commands.ts';
import { type ListedCommand, listCommands } from './shell-lists.ts';
import { type Assignment, ShellState } from './shell-state.ts';
import { type Surroundings, type Word, withUnknownPath } from './surroundings.ts';
import { shown } from './text.ts';

/** One thing that a shell starts. */
export type ShellStart =
  | {
      readonly kind: 'words';
      readonly words: readonly Word[];
      readonly around: Surroundings;
      /** The shell gets there if the commands before do what they are for. */
      readonly reached: boolean;
      /** No command before can have made a file: what the image lacks is lacking. */
      readonly pristine: boolean;
      /** The shell ends when this isn't there. */
      readonly fatal: boolean;
    }
  | { readonly kind: 'unknown'; readonly why: string };

/** Builtins that always succeed as far as an image can tell, and make no files. */
const quietBuiltins: ReadonlySet<string> = new Set([
  ...[':', 'cd', 'echo', 'export', 'local', 'printf', 'pwd', 'readonly', 'set', 'shift', 'shopt', 'times'],
  ...['trap', 'true', 'ulimit', 'umask', 'unset', 'wait', 'declare', 'typeset'],
]);
/** Builtins that end in one way or the other. */
const askingBuiltins: ReadonlySet<string> = new Set([
  ...['[', 'bg', 'break', 'continue', 'dirs', 'disown', 'false', 'fc', 'fg', 'getopts', 'hash', 'help'],
  ...['history', 'jobs', 'kill', 'let', 'mapfile', 'popd', 'pushd', 'read', 'readarray', 'test', 'type'],
]);
/** Builtins after which names may mean something else. */
const openBuiltins: ReadonlySet<string> = new Set([
  ...['.', 'alias', 'builtin', 'enable', 'eval', 'return', 'source', 'unalias'],
]);
/** Programs that bring no program into a container and are not expected to fail. */
const quietPrograms: ReadonlySet<string> = new Set([
  ...[
    'cat',
    'chown',
    'date',
    'env',
    'hostname',
    'id',
    'ls',
    'mkdir',
    'ps',
    'sleep',
    'touch',
    'uname',
    'whoami',
  ],
]);

/** The programs that a text makes a shell start, as far as the text is plain commands. */
export function readShellScript(
  text: string,
  shell: { readonly around: Surroundings; readonly errexit: boolean },
): readonly ShellStart[] {
  const read = readShellText(text);
  const { stopped } = read;
  const walk = new ScriptWalk(shell.around, shell.errexit);
  for (const command of listCommands(read)) {
    walk.step(command);
    if (walk.ended) return walk.starts;
  }
  if (stopped !== undefined) walk.unknown(`it holds ${stopped}, which armload does not follow`);
  return walk.starts;
}

class ScriptWalk {
  readonly starts: ShellStart[] = [];
  ended = false;
  readonly #state: ShellState;
  #errexit: boolean;
  #pristine = true;
  /** In the list of commands joined by `&&` and `||` that it's in. */
  #reached = true;
  /** A command before may have ended the shell. */
  #mayBeOver = false;

  constructor(around: Surroundings, errexit: boolean) {
    this.#state = new ShellState(around);
    this.#errexit = errexit;
  }

  unknown(why: string): void {
    this.starts.push({ kind: 'unknown', why });
  }

  step(command: ListedCommand): void {
    if (command.before === ';' || command.before === '&') this.#reached = !this.#mayBeOver;
    if (command.before === '||') this.#reached = false;
    const { assignments, words } = this.#read(command);
    const [name] = words;
    if (words.length === 0) {
      for (const assignment of assignments) this.#assign(assignment, command, false);
    } else if (name === undefined) {
      this.unknown('the name of a program in it is known only at run time');
      this.#pristine = false;
    } else this.#command(name, { command, assignments, words });
    this.#pristine &&= !command.writes;
  }

  #read({ words }: ListedCommand): { assignments: readonly Assignment[]; words: readonly Word[] } {
    const assignments: Assignment[] = [];
    for (const word of words) {
      const assignment = this.#state.assignment(word);
      if (assignment === undefined) break;
      assignments.push(assignment);
    }
    return { assignments, words: words.slice(assignments.length).map((word) => this.#state.expand(word)) };
  }

  #command(name: string, read: ReadCommand): void {
    if (name === 'exec') this.#exec(read);
    else if (name === 'command') this.#commandBuiltin(read);
    else if (name === 'exit') this.#over(read.command);
    else if (quietBuiltins.has(name)) this.#builtin(name, read);
    else if (askingBuiltins.has(name)) this.#asking(name, read);
    else if (openBuiltins.has(name)) {
      this.unknown(`it holds ${shown(name)}, which armload does not follow`);
      this.ended = true;
    } else {
      this.#start(read.words, this.#state.aroundFor(read.assignments), read.command);
      this.#pristine &&= quietPrograms.has(name);
    }
  }

  #start(words: readonly Word[], around: Surroundings, command: ListedCommand): void {
    const inErrexit = this.#errexit && command.after === ';' && command.before !== '|';
    this.starts.push({
      kind: 'words',
      words,
      around,
      reached: this.#reached,
      pristine: this.#pristine,
      fatal: command.fatal || inErrexit,
    });
  }

  /** `exec program` ends the shell; with nothing but redirections it goes on. */
  #exec(read: ReadCommand): void {
    const [, ...rest] = read.words;
    if (rest.length === 0) return;
    const around = this.#state.aroundFor(read.assignments);
    if (rest[0]?.startsWith('-') === true) this.unknown('it holds options of "exec"');
    else this.#start(rest, around, { ...read.command, fatal: !read.command.apart });
    this.#over(read.command);
  }

  #commandBuiltin(read: ReadCommand): void {
    const [, first, ...rest] = read.words;
    const around = this.#state.aroundFor(read.assignments);
    if (first === '-v' || first === '-V') {
      this.#asking('type', read);
      return;
    }
    if (first === '-p') this.#start(rest, withUnknownPath(around), read.command);
    else this.#start(read.words.slice(1), around, read.command);
    this.#pristine = false;
  }

  #asking(name: string, { command }: ReadCommand): void {
    if (command.after === '&&' || command.exits) this.#reached = false;
    if (command.exits || this.#errexit) this.#mayBeOver = true;
    if (name === 'pushd' || name === 'popd') this.#state.changeDirectory(undefined);
  }

  /** Behind `exit` and `exec`; in a pipe or behind `&` they end a shell of their own. */
  #over(command: ListedCommand): void {
    if (command.apart) {
      this.#reached &&= command.after === '|';
      return;
    }
    this.ended = this.#reached && command.before !== '&&';
    this.#mayBeOver = true;
    this.#reached = false;
  }

  /** Some shells run the end of a pipe themselves; what a condition decides isn't known either. */
  #isSure(command: ListedCommand): boolean {
    return this.#reached && !command.apart;
  }

  #assign({ name, value }: Assignment, command: ListedCommand, exported: boolean): void {
    this.#state.assign({ name, value: this.#isSure(command) ? value : undefined }, exported);
  }

  #builtin(name: string, { command, words }: ReadCommand): void {
    const rest = words.slice(1);
    if (name === 'cd') {
      const isPlain = rest.length === 1 && this.#isSure(command);
      this.#state.changeDirectory(isPlain ? directoryOf(rest[0]) : undefined);
    } else if (name === 'set') this.#set(rest, command);
    else if (name === 'unset') for (const word of rest) this.#state.unset(word ?? 'PATH');
    else if (['export', 'readonly', 'local', 'declare', 'typeset'].includes(name))
      this.#declare(command, name === 'export');
  }

  #set(words: readonly Word[], command: ListedCommand): void {
    const isOn = words.some((word) => word !== undefined && /^-[a-zA-Z]*e/.test(word));
    const isOff = words.some((word) => word === undefined || /^\+[a-zA-Z]*e/.test(word));
    if ((isOn || isOff) && !this.#isSure(command)) this.#mayBeOver = true;
    this.#errexit = (this.#errexit || (isOn && this.#isSure(command))) && !isOff;
  }

  #declare(command: ListedCommand, exported: boolean): void {
    for (const word of command.words.slice(1)) {
      const assignment = this.#state.assignment(word);
      const text = this.#state.expand(word);
      if (assignment !== undefined) this.#assign(assignment, command, exported);
      // A word known only at run time may name the PATH.
      else if (text === undefined) this.#state.forgetPath();
      else if (exported && this.#isSure(command)) this.#state.export(text);
    }
  }
}

interface ReadCommand {
  readonly command: ListedCommand;
  readonly assignments: readonly Assignment[];
  readonly words: readonly Word[];
}

/** `cd -` goes back, and CDPATH is for words that begin with neither a slash nor a dot. */
function directoryOf(word: Word): Word {
  return word === '-' || word === '' || word?.startsWith('-') === true ? undefined : word;
}
