import { nativeArchitectures } from '../native.ts';
import type { SmokeRunOptions } from '../options.ts';
import { defaultPath } from '../search-path.ts';
import type { ChainStep, Subject } from '../types.ts';
import { type FoundProgram, findProgram, workingDirectory } from './find-program.ts';
import type { ProgramCall, SmokeImage } from './types.ts';

/** A command to run, or why it isn't. */
export type PlannedCommand =
  | {
      readonly kind: 'run';
      /** Given by the person. */
      readonly asked: boolean;
      /** One after the other, until one is taken well. The program's absolute path comes first. */
      readonly tries: readonly (readonly string[])[];
    }
  | {
      readonly kind: 'refused';
      readonly words: readonly string[];
      readonly result: 'failed' | 'not-run';
      readonly why: string;
    };

const maxPrograms = 8;

/** Arguments that make a program say who it is and end, where `--version` isn't the word for it. */
const versionWords: readonly (readonly [names: RegExp, tries: readonly (readonly string[])[]])[] = [
  [/^(ba|da|a|k|mk|z|fi)?sh$/, [['-c', 'exit 0']]],
  [/^busybox$/, [['true'], []]],
  [/^java$/, [['-version']]],
  [/^(nginx|httpd|apache2|haproxy|named)$/, [['-v']]],
  [/^(sshd|memcached)$/, [['-V']]],
  [/^(openssl|kubectl|helm)$/, [['version']]],
];
const usualTries = [['--version'], ['--help'], ['-version'], ['-V']];
const goTries = [['--version'], ['version'], ['--help']];

/** The commands given, or one for each program of machine code that the image's start leads through. */
export function planCommands(image: SmokeImage, options: SmokeRunOptions): readonly PlannedCommand[] {
  const { subject } = image;
  if (options.commands !== undefined) return options.commands.map((words) => givenCommand(subject, words));
  const programs = new Map<string, FoundProgram>();
  for (const { role, steps, end } of image.traces) {
    if (role === 'healthcheck' || end.kind !== 'machine-code') continue;
    for (const step of steps) {
      const program = programOf(subject, step);
      if (program !== undefined && !programs.has(program.path)) programs.set(program.path, program);
    }
  }
  return [...programs.values()].slice(0, maxPrograms).map((program) => tracedProgram(subject, program));
}

/** How a program of the image is called: with the image's own environment and nothing else. */
export function callOf(subject: Subject, words: readonly string[]): ProgramCall {
  const variables = new Map([['PATH', defaultPath], ...subject.run.environment]);
  const environment = [...variables].map(([name, value]) => `${name}=${value}`).filter(isPassable);
  return { words, environment, workingDirectory: workingDirectory(subject) };
}

/** The step's program, if it's machine code; scripts come to their interpreters by further steps. */
function programOf(subject: Subject, { word, file }: ChainStep): FoundProgram | undefined {
  if (file?.entry.facts?.kind !== 'elf') return undefined;
  const called = findProgram(subject, word);
  return called?.file.path === file.path ? called : { path: `/${file.path}`, file };
}

function tracedProgram(subject: Subject, program: FoundProgram): PlannedCommand {
  const refusal = refusalOf(subject, program, [program.path]);
  if (refusal !== undefined) return refusal;
  const tries = triesOf(program).map((words) => [program.path, ...words]);
  return { kind: 'run', asked: false, tries };
}

function triesOf({ path, file }: FoundProgram): readonly (readonly string[])[] {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const known = versionWords.find(([names]) => names.test(name))?.[1];
  if (known !== undefined) return known;
  const { facts } = file.entry;
  return facts?.kind === 'elf' && facts.elf.go !== undefined ? goTries : usualTries;
}

function givenCommand(subject: Subject, words: readonly string[]): PlannedCommand {
  const [word, ...rest] = words;
  if (word === undefined)
    return { kind: 'refused', words, result: 'not-run', why: 'the command has no words' };
  const program = findProgram(subject, word);
  if (program === undefined)
    return { kind: 'refused', words, result: 'failed', why: `the image has no program ${word}` };
  return refusalOf(subject, program, words) ?? { kind: 'run', asked: true, tries: [[program.path, ...rest]] };
}

/** Code of another machine may well run on this host: that would be no proof, so it isn't tried. */
function refusalOf(
  { platform }: Subject,
  { file, path }: FoundProgram,
  words: readonly string[],
): PlannedCommand | undefined {
  const { facts } = file.entry;
  const architecture = facts?.kind === 'elf' ? facts.elf.architecture : undefined;
  if (architecture !== undefined && !nativeArchitectures(platform).includes(architecture)) {
    const why = `${path} is ${architecture} machine code, not ${platform.architecture}, so running it here would prove nothing`;
    return { kind: 'refused', words, result: 'not-run', why };
  }
  if ([path, ...words].every(isPassable)) return undefined;
  return {
    kind: 'refused',
    words,
    result: 'not-run',
    why: 'the command holds bytes that cannot be passed on: a NUL, or what is not UTF-8',
  };
}

function isPassable(text: string): boolean {
  return !text.includes('\0') && !/[\u{D800}-\u{DFFF}]/u.test(text);
}
