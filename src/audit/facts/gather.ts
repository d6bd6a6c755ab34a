import type { LayerEntry, ViewEntry } from '../../layer/index.ts';
import type { Loader } from '../loader/index.ts';
import { runsNatively } from '../native.ts';
import type { Closure, EntryTrace, Subject } from '../types.ts';
import { pathStates } from './paths.ts';
import type { FactInput, NativeFile, Script } from './types.ts';

interface UsedFile {
  readonly file: ViewEntry;
  readonly role: string;
}

/** Goes over the image's files once, those first that it starts. */
export function gather(
  subject: Subject,
  { traces, loader }: { readonly traces: readonly EntryTrace[]; readonly loader: Loader },
): FactInput {
  const started = traces.flatMap(startedBy);
  const closures = closuresOf(started, loader);
  const used = [...started, ...closures.flatMap(takenBy)];
  const natives: NativeFile[] = [];
  const scripts: Script[] = [];
  // The names of one file share its entry.
  const seen = new Set<LayerEntry>();
  const take = (file: ViewEntry, role?: string): void => {
    const { facts, kind } = file.entry;
    if (kind !== 'file' || facts === undefined || seen.has(file.entry)) return;
    seen.add(file.entry);
    const use = role === undefined ? {} : { role };
    if (facts.kind === 'elf') {
      const { architecture = 'unknown' } = facts.elf;
      if (runsNatively({ os: 'linux', architecture }, subject.platform))
        natives.push({ file, elf: facts.elf, ...use });
    } else if (facts.kind === 'script' && facts.script.mentions !== undefined)
      scripts.push({ file, mentions: facts.script.mentions, ...use });
  };
  for (const { file, role } of used) take(file, role);
  for (const file of subject.view.entries()) take(file);
  return {
    subject,
    natives,
    scripts,
    missingLibraries: missingFrom(closures),
    stateOf: pathStates(subject),
  };
}

function startedBy({ role, steps }: EntryTrace): readonly UsedFile[] {
  return steps.flatMap(({ by, file }) =>
    file === undefined ? [] : [{ file, role: by === 'interpreter' ? 'interpreter' : role }],
  );
}

function closuresOf(started: readonly UsedFile[], loader: Loader): readonly Closure[] {
  const programs = new Map(started.map(({ file }) => [file.path, file]));
  return [...programs.values()].flatMap((file) =>
    file.entry.facts?.kind === 'elf' ? (loader.closureOf(file) ?? []) : [],
  );
}

function takenBy({ interpreter, libraries }: Closure): readonly UsedFile[] {
  return [
    ...(interpreter?.file === undefined ? [] : [{ file: interpreter.file, role: 'loader' }]),
    ...libraries.flatMap(({ file }) => (file === undefined ? [] : [{ file, role: 'library' }])),
  ];
}

function missingFrom(closures: readonly Closure[]): readonly string[] {
  const missing = closures.flatMap(({ libraries }) => libraries.filter(({ file }) => file === undefined));
  return [...new Set(missing.map(({ name }) => name))];
}
