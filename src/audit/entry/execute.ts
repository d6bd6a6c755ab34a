import type { ScriptFacts } from '../../binary/index.ts';
import type { ViewEntry } from '../../layer/index.ts';
import type { ChainEnd, ChainStep } from '../types.ts';
import type { ProgramFinder } from './find-program.ts';
import { kernelKind } from './kernel-kind.ts';
import { limits } from './limits.ts';
import type { Surroundings, Word } from './surroundings.ts';
import { shown } from './text.ts';

/** What the kernel makes of a file that is to be executed. */
export interface Execution {
  /** The interpreters that it starts in the file's place. */
  readonly steps: readonly ChainStep[];
  /** The words that the last of them, or the file itself, gets. */
  readonly words: readonly Word[];
  /** What a `#!` line asks `env` to start, where the last of them is started by such a line. */
  readonly envProgram?: readonly string[];
  /** `refused`: ENOEXEC, after which shells read the file as a script. */
  readonly outcome: { readonly kind: 'refused'; readonly why: string } | ChainEnd;
}

/** Linux reads no more than 256 bytes of a `#!` line (BINPRM_BUF_SIZE); what comes close to it may be cut. */
const longestLine = 250;

/** Follows `#!` lines from a file to machine code (execve(2), "Interpreter scripts"; fs/binfmt_script.c). */
export function execute(
  file: ViewEntry,
  words: readonly Word[],
  place: { readonly finder: ProgramFinder; readonly around: Surroundings },
): Execution {
  const steps: ChainStep[] = [];
  let given: Pick<Execution, 'words' | 'envProgram'> = { words };
  for (let at = file; ; ) {
    const kind = kernelKind(at);
    if (kind.kind !== 'script') return { ...given, steps, outcome: kind };
    const why = tooMuch(steps.length, file) ?? tooLong(at, kind.script);
    if (why !== undefined) return { ...given, steps, outcome: why };
    const { interpreter } = kind.script;
    const found = place.finder.path(interpreter, place.around);
    steps.push({ by: 'interpreter', word: interpreter, ...(found.file && { file: found.file }) });
    if (found.kind === 'end') return { ...given, steps, outcome: interpreterEnd(at, kind.script, found.end) };
    given = givenTo(kind.script, at, given.words);
    at = found.file;
  }
}

function givenTo(
  { interpreter, argument, program }: ScriptFacts,
  script: ViewEntry,
  words: readonly Word[],
): Pick<Execution, 'words' | 'envProgram'> {
  const rest = [`/${script.path}`, ...words.slice(1)];
  return {
    words: [interpreter, ...(argument === undefined ? [] : [argument]), ...rest],
    ...(program === undefined ? {} : { envProgram: program }),
  };
}

function tooMuch(interpreters: number, { path }: ViewEntry): ChainEnd | undefined {
  if (interpreters < limits.interpreters) return undefined;
  const why = `${shown(`/${path}`)} has more than ${limits.interpreters} interpreters, each a script of the next`;
  return { kind: 'not-a-program', why };
}

function tooLong({ path }: ViewEntry, { interpreter, argument = '' }: ScriptFacts): ChainEnd | undefined {
  if (Buffer.byteLength(interpreter) + Buffer.byteLength(argument) < longestLine) return undefined;
  return { kind: 'unknown', why: `the first line of ${shown(`/${path}`)} is longer than the kernel reads` };
}

function interpreterEnd(script: ViewEntry, { interpreter }: ScriptFacts, end: ChainEnd): ChainEnd {
  if (end.kind !== 'not-found') return end;
  const cause = interpreter.endsWith('\r')
    ? ': its first line ends in a carriage return, as on Windows, and the kernel takes that for a part of the name'
    : '';
  return { ...end, why: `the interpreter of ${shown(`/${script.path}`)}: ${end.why}${cause}` };
}
