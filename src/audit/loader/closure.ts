import type { ElfFacts } from '../../binary/index.ts';
import type { ViewEntry } from '../../layer/index.ts';
import type { Closure, ClosureProblem } from '../types.ts';
import { GlibcRules, type ProcessOptions } from './glibc.ts';
import type { AllGlibcDefaults } from './glibc-defaults.ts';
import type { ImageLoaders } from './image-loaders.ts';
import { familyOf, findInterpreter, loaderForLibrary } from './interpreter.ts';
import { loadLibraries } from './load-libraries.ts';
import { missProblem } from './misses.ts';
import { libcProblems } from './mixed-libc.ts';
import { MuslRules } from './musl.ts';
import type { Loaded } from './rules.ts';
import { startsSecure } from './secure.ts';
import type { VersionChecker } from './versions.ts';

export interface ClosureTools {
  readonly shared: ImageLoaders;
  readonly defaults: AllGlibcDefaults;
  readonly versions: VersionChecker;
}

/** Works out what a program's loader takes; `undefined` for what is no ELF program or library. */
export function closureFor(program: ViewEntry, tools: ClosureTools): Closure | undefined {
  const { facts } = program.entry;
  if (facts?.kind !== 'elf') return undefined;
  const { elf } = facts;
  switch (elf.linkage) {
    case 'object':
    case 'core':
    case 'debug-only':
      return undefined;
    case 'static':
    case 'static-pie':
      return { program, family: 'static', libraries: [], problems: packed(program, elf) };
    case 'unknown':
      return unknownClosure(program, {
        found: 'an ELF file that could not be read in full',
        expected: 'a readable ELF file',
        why: 'What it needs to start can not be told.',
      });
    case 'shared-library':
      return libraryClosure(program, elf, tools);
    case 'dynamic':
      return elf.interpreter === undefined
        ? unknownClosure(program, {
            found: 'a program that needs libraries and names no program loader',
            expected: 'a program loader that brings its libraries',
            why: 'The kernel starts it without any of its libraries.',
          })
        : programClosure(program, { elf, interpreter: elf.interpreter }, tools);
  }
}

function unknownClosure(program: ViewEntry, text: Omit<ClosureProblem, 'kind' | 'file'>): Closure {
  const problem = { kind: 'unknown', file: program, ...text } as const;
  return { program, family: 'other', libraries: [], problems: [problem] };
}

function packed(file: ViewEntry, { packer }: ElfFacts): ClosureProblem[] {
  if (packer === undefined) return [];
  const problem = {
    kind: 'unknown',
    file,
    found: `a program packed by ${packer.toUpperCase()}`,
    expected: 'a program that shows its libraries',
    why: 'What it needs shows only once it has unpacked itself.',
  } as const;
  return [problem];
}

function programClosure(
  program: ViewEntry,
  { elf, interpreter: path }: { readonly elf: ElfFacts; readonly interpreter: string },
  tools: ClosureTools,
): Closure {
  const found = findInterpreter(tools.shared, { entry: program, elf }, path);
  if (found.kind === 'unusable') {
    const interpreter = { path, ...(found.file === undefined ? {} : { file: found.file }) };
    return { program, interpreter, family: found.family, libraries: [], problems: [found.problem] };
  }
  const { loader, family } = found;
  const interpreter = { path, file: loader.entry };
  if (family === 'other') return { program, interpreter, family, libraries: [], problems: [] };
  return { program, interpreter, ...processOf(program, { elf, family, loader, doubts: [] }, tools) };
}

/** A library by itself: what a program has loaded before isn't known, so that a miss proves nothing. */
function libraryClosure(program: ViewEntry, elf: ElfFacts, tools: ClosureTools): Closure {
  const loader = loaderForLibrary(tools.shared, elf);
  if (loader === undefined) return { program, family: 'other', libraries: [], problems: [] };
  const family = familyOf(loader.entry, loader.elf, 'other');
  if (family === 'other') return { program, family, libraries: [], problems: [] };
  const doubts = ['the program that loads it may bring it, or the way to it'];
  return { program, ...processOf(program, { elf, family, loader, doubts }, tools) };
}

interface Start {
  readonly elf: ElfFacts;
  readonly family: 'glibc' | 'musl';
  readonly loader: Loaded;
  readonly doubts: readonly string[];
}

function processOf(
  entry: ViewEntry,
  { elf, family, loader, doubts }: Start,
  tools: ClosureTools,
): Pick<Closure, 'family' | 'libraries' | 'problems'> {
  const { shared, versions } = tools;
  const program: Loaded = { entry, path: `/${entry.path}`, elf };
  const isSecure = startsSecure(entry, shared.subject.run);
  const options: ProcessOptions = { shared, program, loader, isSecure };
  const defaults = family === 'glibc' ? tools.defaults.of(loader.entry, elf) : undefined;
  const rules = defaults === undefined ? new MuslRules(options) : new GlibcRules(options, defaults);
  const process = loadLibraries(program, rules, () => shared.files.spend());
  const context = {
    shared,
    program,
    doubts,
    ...(defaults === undefined ? {} : { defaults }),
  };
  const problems = [
    ...process.problems,
    ...process.misses.map((miss) => missProblem(miss, context)),
    // musl takes no notice of versions.
    ...(family === 'glibc' ? versions.problems(process) : []),
    ...libcProblems(process, rules),
  ];
  return { family, libraries: process.libraries, problems };
}
