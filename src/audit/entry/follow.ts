import type { ChainEnd, ChainStep, Subject } from '../types.ts';
import { type Execution, execute } from './execute.ts';
import { ProgramFinder } from './find-program.ts';
import { limits } from './limits.ts';
import { readShellScript, type ShellStart } from './shell-script.ts';
import { readShellCall, type ShellCall } from './shells.ts';
import { type Surroundings, type Word, withUnknownPath } from './surroundings.ts';
import { baseName, shown } from './text.ts';
import { handedOnByWrapper } from './wrappers.ts';

/** One way from a command to its end. */
export interface Trail {
  readonly steps: readonly ChainStep[];
  readonly end: ChainEnd;
  readonly certain: boolean;
  /** It ends in something that may start the rest of its words: a script, or a wrapper that isn't understood. */
  readonly passesOn: boolean;
}

/** A command to follow. */
interface Command {
  readonly words: readonly Word[];
  readonly around: Surroundings;
  readonly by: ChainStep['by'];
  /** The files before it. */
  readonly steps: readonly ChainStep[];
  /** `engine`: the container engine starts it. With a shell's own program, that shell starts it. */
  readonly caller: 'engine' | 'program' | ChainStep;
}

/** Follows commands through an image to machine code. */
export class Follower {
  readonly #subject: Subject;
  readonly #finder: ProgramFinder;
  #trails = 0;

  constructor(subject: Subject) {
    this.#subject = subject;
    this.#finder = new ProgramFinder(subject);
  }

  /** At most 64 trails; what goes beyond ends `unknown`. */
  follow(words: readonly Word[], around: Surroundings, caller: 'engine' | 'program'): readonly Trail[] {
    this.#trails = 0;
    return this.#follow({ words, around, caller, by: 'start', steps: [] });
  }

  #follow(command: Command): readonly Trail[] {
    const { words, around, by, steps, caller } = command;
    const [word] = words;
    if (word === undefined) return this.#unknown(steps, 'what it starts is known only at run time');
    if (steps.length + limits.interpreters > limits.steps)
      return this.#unknown(steps, `programs that start each other, more than ${limits.steps} of them`);
    const found = this.#finder.find(word, around, caller === 'engine' ? 'engine' : 'program');
    const step = { by, word, ...(found.file && { file: found.file }) };
    if (found.kind === 'end') return [this.#missing(command, step, found.end)];
    const execution = execute(found.file, words, { finder: this.#finder, around });
    return this.#started(command, [...steps, step, ...execution.steps], execution);
  }

  /** A shell of BusyBox may have the program in itself; Alpine's has not. */
  #missing({ steps, words, caller }: Command, step: ChainStep, end: ChainEnd): Trail {
    const all = [...steps, step];
    const shell = typeof caller === 'string' ? undefined : caller.file;
    const isOpen =
      end.kind === 'not-found' &&
      words[0]?.includes('/') === false &&
      shell !== undefined &&
      baseName(shell.path).startsWith('busybox') &&
      this.#subject.view.lookup('etc/alpine-release') === undefined;
    if (!isOpen) return trail(all, end);
    const why = `${end.why}, but the shell is BusyBox, which may hold it`;
    return trail(all, { kind: 'unknown', why });
  }

  #started(command: Command, steps: readonly ChainStep[], execution: Execution): readonly Trail[] {
    const { outcome } = execution;
    if (outcome.kind === 'refused') return this.#refused(command, steps, outcome.why);
    if (outcome.kind !== 'machine-code') return [trail(steps, softened(command, outcome))];
    const last = steps.at(-1)?.file;
    if (last?.entry.facts?.kind === 'pe' && command.caller !== 'engine')
      return this.#unknown(
        steps,
        `${shown(`/${last.path}`)} may be a shell script too, as Cosmopolitan's are`,
      );
    return this.#handedOn(command, steps, execution);
  }

  /** ENOEXEC: an engine gives up; a shell reads the file as a script; the C library's `execvp` may do so with `/bin/sh`. */
  #refused({ caller }: Command, steps: readonly ChainStep[], why: string): readonly Trail[] {
    if (caller === 'engine') return [trail(steps, { kind: 'not-a-program', why })];
    if (caller === 'program')
      return this.#unknown(steps, `${why}; what starts it may hand it to /bin/sh, or give up`);
    const kind = steps.at(-1)?.file?.entry.facts?.kind;
    if (kind !== 'text' && kind !== 'empty')
      return this.#unknown(steps, `${why}; the shell may read it as a script`);
    return [
      { ...trail([...steps, { ...caller, by: 'interpreter' }], { kind: 'machine-code' }), passesOn: true },
    ];
  }

  #handedOn(command: Command, steps: readonly ChainStep[], execution: Execution): readonly Trail[] {
    const around = command.around;
    const words = programWords(execution.words);
    const call = readShellCall(words, around);
    if (call?.kind === 'text') return this.#shellText(steps, call, around);
    if (call?.kind === 'unsure') return this.#unknown(steps, call.why);
    const next = envLine(execution, around) ?? handedOnByWrapper(words, around);
    if (next.kind === 'unsure') return this.#unknown(steps, next.why);
    if (next.kind === 'words') return this.#follow({ ...next, steps, by: 'handed-on', caller: 'program' });
    const isScript = execution.steps.length > 0 || call?.kind === 'file';
    return [{ ...trail(steps, { kind: 'machine-code' }), passesOn: isScript }];
  }

  #shellText(
    steps: readonly ChainStep[],
    { text, startupFiles, errexit }: Extract<ShellCall, { kind: 'text' }>,
    around: Surroundings,
  ): readonly Trail[] {
    const shell = steps.at(-1);
    if (shell === undefined) throw new TypeError('a shell is a step of its own');
    const inside = startupFiles ? withUnknownPath(around) : around;
    const starts = readShellScript(text, { around: inside, errexit });
    if (starts.length === 0) return [trail(steps, { kind: 'machine-code' })];
    const trails: Trail[] = [];
    for (const start of starts) {
      if (this.#trails++ >= limits.traces) {
        trails.push(...this.#unknown(steps, `more than ${limits.traces} programs that it starts`));
        break;
      }
      trails.push(...this.#shellStart(start, steps, shell));
    }
    return trails;
  }

  #shellStart(start: ShellStart, steps: readonly ChainStep[], shell: ChainStep): readonly Trail[] {
    if (start.kind === 'unknown')
      return this.#unknown(steps, `of the text for ${shown(shell.word)}, ${start.why}`);
    const { words, around } = start;
    const trails = this.#follow({ words, around, steps, by: 'handed-on', caller: shell });
    return trails.map((inner) => judged(inner, start));
  }

  #unknown(steps: readonly ChainStep[], why: string): readonly Trail[] {
    return [{ ...trail(steps, { kind: 'unknown', why }), passesOn: true }];
  }
}

function trail(steps: readonly ChainStep[], end: ChainEnd): Trail {
  const passesOn = steps.some(({ file }) => file?.entry.facts?.kind === 'script');
  return { steps, end, certain: true, passesOn };
}

/** `busybox sh` is `sh`: its first argument names the program. */
function programWords(words: readonly Word[]): readonly Word[] {
  return baseName(words[0] ?? '') === 'busybox' ? words.slice(1) : words;
}

/** What a text says of a command in it, put upon what became of the command. */
function judged(inner: Trail, start: Extract<ShellStart, { kind: 'words' }>): Trail {
  const { end } = inner;
  const isMiss = end.kind === 'not-found' || end.kind === 'not-a-program';
  return {
    ...inner,
    certain: inner.certain && start.reached && (!isMiss || start.pristine),
    end: isMiss && !start.fatal ? { ...end, tolerated: true } : end,
  };
}

/** Shells and `execvp` go on along the PATH where a script's interpreter isn't there (execvp(3), ENOENT). */
function softened({ caller, words: [word] }: Command, end: ChainEnd): ChainEnd {
  if (caller === 'engine' || word?.includes('/') !== false || end.kind !== 'not-found') return end;
  return { ...end, tolerated: true };
}

/** Options on a `#!` line of `env -S` that change where it looks. */
const changesSearch = /(?:^|\s|-S|=)(?:PATH=|-[a-zA-Z0]*[iuC]|--ignore-env|--unset|--chdir|-(?:\s|$))/;

/** What `#!/usr/bin/env -S program` starts: the line is split where it is read from the file. */
function envLine(
  { envProgram, words, steps }: Execution,
  around: Surroundings,
): ReturnType<typeof handedOnByWrapper> | undefined {
  const [, argument, ...rest] = words;
  if (envProgram === undefined || steps.length === 0 || argument === undefined) return undefined;
  const [name] = envProgram;
  if (name === argument) return undefined;
  const changed = changesSearch.test(argument);
  return {
    kind: 'words',
    words: [...envProgram, ...rest],
    around: changed ? { directory: undefined, variables: withUnknownPath(around).variables } : around,
  };
}
