import type { ViewEntry } from '../../layer/index.ts';
import type { Finding, Severity } from '../../results/index.ts';
import { findingAt } from '../finding.ts';
import { runsNatively } from '../native.ts';
import { searchPath } from '../search-path.ts';
import type { Closure, ClosureProblem, EntryTrace, Subject } from '../types.ts';
import { ImageFiles } from './image-files.ts';
import type { Loader } from './loader.ts';
import { maxDirectories } from './rules.ts';

const anyExecute = 0o111;

/**
 * What a program is to the image. `maybe-started`: behind a script or the like, which may change the environment. `module`:
 * no program, but what a language's runtime loads.
 */
type Rank = 'started' | 'maybe-started' | 'on-path' | 'elsewhere' | 'module';

interface Ranked {
  readonly program: ViewEntry;
  readonly rank: Rank;
}

/**
 * The problems of all programs of the platform, each file's once, with the severity of the most important program that has
 * it: what a container starts, what is on its PATH, the rest. Of modules of Node and Python, libraries that the image has
 * nowhere.
 */
export function closureFindings(
  subject: Subject,
  { traces, loader }: { readonly traces: readonly EntryTrace[]; readonly loader: Loader },
): readonly Finding[] {
  const findings: Finding[] = [];
  /** Kinds and texts that were told, by what hard links share. */
  const told = new Map<object, Set<string>>();
  for (const ranked of programsOf(subject, traces)) {
    for (const problem of problemsOf(ranked, loader)) {
      const known = told.get(problem.file.entry) ?? new Set<string>();
      told.set(problem.file.entry, known);
      const key = `${problem.kind} ${problem.expected}`;
      if (known.has(key)) continue;
      known.add(key);
      findings.push(findingOf(subject, ranked, problem));
    }
  }
  return findings;
}

function problemsOf({ program, rank }: Ranked, loader: Loader): readonly ClosureProblem[] {
  const closure = loader.closureOf(program);
  if (closure === undefined) return [];
  if (rank !== 'module') return closure.problems;
  return isForItsLibc(closure) ? closure.problems.filter(({ kind }) => kind === 'missing-library') : [];
}

/** Packages bring modules for other C libraries and systems too, which nothing loads here. */
function isForItsLibc({ program, family, libraries }: Closure): boolean {
  const isLibc = (name: string) =>
    family === 'glibc' ? name === 'libc.so.6' : family === 'musl' && name.startsWith('libc.musl-');
  return libraries.some(
    ({ name, neededBy, file }) => file !== undefined && neededBy === program && isLibc(name),
  );
}

/** Most important first, each file once. */
function* programsOf(subject: Subject, traces: readonly EntryTrace[]): Generator<Ranked, void, undefined> {
  const seen = new Set<string>();
  const candidates = [
    startedBy(traces, true),
    startedBy(traces, false),
    programsOnPath(subject),
    programsElsewhere(subject),
    modules(subject),
  ];
  for (const group of candidates)
    for (const ranked of group) {
      const { program } = ranked;
      if (seen.has(program.path) || !isNativeElf(program, subject)) continue;
      seen.add(program.path);
      yield ranked;
    }
}

/** The files of the traces for which a miss is certain, or of the others. */
function* startedBy(traces: readonly EntryTrace[], isCertain: boolean): Generator<Ranked, void, undefined> {
  for (const trace of traces) {
    // `env` may have been told another search path.
    const certain = trace.certain && !trace.words.some((word) => word.startsWith('LD_LIBRARY_PATH='));
    if (certain !== isCertain) continue;
    for (const { file } of trace.steps)
      if (file !== undefined) yield { program: file, rank: certain ? 'started' : 'maybe-started' };
  }
}

function* programsOnPath(subject: Subject): Generator<Ranked, void, undefined> {
  const files = new ImageFiles(subject);
  const seen = new Set<string>();
  for (const part of searchPath(subject.run).split(':', maxDirectories)) {
    const directory = files.at(part || '.');
    if (directory === undefined || seen.has(directory.path)) continue;
    seen.add(directory.path);
    for (const { path } of subject.view.list(directory.path)) {
      const program = files.at(`/${path}`);
      if (program !== undefined && isProgram(program)) yield { program, rank: 'on-path' };
    }
  }
}

function* programsElsewhere({ view }: Subject): Generator<Ranked, void, undefined> {
  for (const program of view.entries()) if (isProgram(program)) yield { program, rank: 'elsewhere' };
}

/** By the names that Node and Python (PEP 3149) give machine code which they load. */
const moduleName = /\.node$|\/(?:site|dist)-packages\/.*\.(?:cpython-[^/]*|abi3)\.so$/;

function* modules({ view }: Subject): Generator<Ranked, void, undefined> {
  for (const program of view.entries()) {
    const { facts } = program.entry;
    if (facts?.kind === 'elf' && facts.elf.linkage === 'shared-library' && moduleName.test(program.path))
      yield { program, rank: 'module' };
  }
}

function isNativeElf({ entry }: ViewEntry, { platform }: Subject): boolean {
  if (entry.facts?.kind !== 'elf') return false;
  const { architecture } = entry.facts.elf;
  return architecture !== undefined && runsNatively({ os: 'linux', architecture }, platform);
}

/** Something that can be started and has libraries. */
function isProgram({ entry }: ViewEntry): boolean {
  return (
    entry.facts?.kind === 'elf' && entry.facts.elf.linkage === 'dynamic' && (entry.mode & anyExecute) !== 0
  );
}

function findingOf(subject: Subject, { program, rank }: Ranked, problem: ClosureProblem): Finding {
  const { kind, file, found, expected } = problem;
  const why = [problem.why, ...roleOf(program, rank, file)].join(' ');
  return findingAt(
    subject,
    {
      kind: kind === 'unknown' ? 'closure-unknown' : kind,
      severity: severityOf(kind, rank),
      found,
      expected,
      why,
    },
    file,
  );
}

function severityOf(kind: ClosureProblem['kind'], rank: Rank): Severity {
  if (kind === 'unknown' || rank === 'elsewhere') return 'note';
  // Nobody knows whether anything loads a module.
  if (kind === 'mixed-libc' || rank === 'on-path' || rank === 'module') return 'warning';
  // A script may set LD_LIBRARY_PATH; no environment brings a program loader.
  const isCertain = rank === 'started' || kind === 'missing-loader' || kind === 'foreign-loader';
  return isCertain ? 'error' : 'warning';
}

function roleOf(program: ViewEntry, rank: Rank, file: ViewEntry): string[] {
  const isOwn = program.path === file.path;
  if (rank === 'started')
    return [`The container starts ${isOwn ? 'it' : `/${program.path}, which needs it`}.`];
  if (rank === 'maybe-started')
    return [`The container may start ${isOwn ? 'it' : `/${program.path}, which needs it`}.`];
  return isOwn ? [] : [`/${program.path} needs it.`];
}
