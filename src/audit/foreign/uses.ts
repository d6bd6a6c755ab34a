import type { LayerEntry, ViewEntry } from '../../layer/index.ts';
import type { Loader } from '../loader/index.ts';
import type { ChainStep, Closure, EntryTrace } from '../types.ts';
import type { Judgement } from './types.ts';

/** Programs whose closures are asked for: what containers start, then what is on the PATH. */
const maxClosures = 1_000;

export interface UseParts {
  readonly traces: readonly EntryTrace[];
  readonly loader: Loader;
  readonly foreign: ReadonlySet<LayerEntry>;
  /** Native programs that are likely to be started. */
  readonly programs: readonly ViewEntry[];
}

/** The foreign files that a container starts, or that a loader takes for what it starts. The first use found counts. */
export function usesOf({ traces, loader, foreign, programs }: UseParts): ReadonlyMap<string, Judgement> {
  const uses = new Map<string, Judgement>();
  const use = (file: ViewEntry | undefined, role: string, because: string): void => {
    if (file === undefined || !foreign.has(file.entry) || uses.has(file.path)) return;
    uses.set(file.path, { verdict: 'reachable', role, because });
  };
  for (const trace of traces)
    for (const step of trace.steps) use(step.file, roleOf(trace, step), becauseOf(trace, step));
  for (const program of startedFirst(traces, programs)) {
    const closure = loader.closureOf(program);
    if (closure !== undefined) useLibraries(closure, use);
  }
  return uses;
}

function roleOf({ role }: EntryTrace, { by }: ChainStep): string {
  return by === 'interpreter' ? 'interpreter' : role;
}

function becauseOf({ role, certain }: EntryTrace, { by, word }: ChainStep): string {
  const starts = certain ? `the image's ${role} starts` : `the image's ${role} may start`;
  if (by === 'interpreter') return `${word} is the interpreter of what ${starts}.`;
  return by === 'handed-on' ? `It is what ${starts} by way of another program.` : `It is what ${starts}.`;
}

/** Each program once, up to the limit. */
function startedFirst(traces: readonly EntryTrace[], programs: readonly ViewEntry[]): Iterable<ViewEntry> {
  const started = traces.flatMap(({ steps }) => steps.flatMap(({ file }) => file ?? []));
  const unique = new Map([...started, ...programs].map((program) => [program.entry, program]));
  return [...unique.values()].slice(0, maxClosures);
}

function useLibraries(
  { program, interpreter, libraries }: Closure,
  use: (file: ViewEntry | undefined, role: string, because: string) => void,
): void {
  use(
    interpreter?.file,
    'loader',
    `/${program.path} names it as its loader, and without a loader that runs it can't start.`,
  );
  for (const { name, neededBy, file, via } of libraries)
    use(
      file,
      'library',
      `/${neededBy.path} needs ${name}, and this file is what its loader takes${via === undefined ? '' : ` (${via})`}.`,
    );
}
