import { sourceCommands, sourceFactsOf, sourceReading } from '../../plan/source-commands.ts';
import type { PlannedSource, SourceFacts } from '../../plan/types.ts';
import { RunError } from '../errors.ts';
import type { SourceState } from '../journal/replay.ts';
import { ask, succeeded } from './ask.ts';
import type { RunContext } from './context.ts';
import { keepSource, putSource } from './source-files.ts';
import { sourceJob } from './source-job.ts';

/** Milliseconds before another try: an address that doesn't answer may do so soon. */
const pauses = [2000, 10_000];

type GitSource = Extract<PlannedSource, { kind: 'git' }>;

/** Puts a source in its place, or finds it there. @throws RunError `SOURCE_FAILED` */
export async function haveSource(context: RunContext, source: PlannedSource): Promise<void> {
  const known = context.state.sources.get(source.name);
  const facts = known?.state === 'done' ? known.facts : undefined;
  if (facts !== undefined && !context.isNewPlace && (await isThere(context, { source, facts }))) {
    context.sources.set(source.name, facts);
    return;
  }
  const pinned = known?.facts?.commit;
  const wanted = source.kind === 'git' && pinned !== undefined ? { ...source, commit: pinned } : source;
  context.sources.set(source.name, await persist(context, wanted));
}

/**
 * Files beside the recipe are kept first of all: they may have changed when they're needed. What is to be downloaded waits
 * until the place is known to have all it takes.
 */
export async function keepFiles(context: RunContext): Promise<void> {
  for (const source of context.plan.sources) if (source.kind === 'file') await keepSource(context, source);
}

async function persist(context: RunContext, source: PlannedSource): Promise<SourceFacts> {
  for (let tries = 0; ; tries++) {
    const { clock, signal, onEvent } = context.options;
    try {
      return await obtain(context, source);
    } catch (error) {
      const isFailure = error instanceof RunError && error.code === 'SOURCE_FAILED';
      if (!isFailure) throw error;
      await context.record({ type: 'source-failed', name: source.name, message: error.message });
      const pause = pauses[tries];
      if (pause === undefined) throw error;
      onEvent?.({ type: 'warning', message: `${error.message}; it is tried again` });
      await clock.sleep(pause, signal);
    }
  }
}

async function obtain(context: RunContext, source: PlannedSource): Promise<SourceFacts> {
  const { name } = source;
  const start = context.now();
  const attempt = await begin(context, context.state.sources.get(name), name);
  const facts =
    source.kind === 'git'
      ? await cloneSource(context, source, attempt)
      : await putSource(context, source, attempt);
  await context.record({
    type: 'source-done',
    name,
    facts: { ...facts },
    seconds: context.secondsSince(start),
  });
  return facts;
}

/** The attempt whose end nobody recorded has jobs in the place that go on or are done: the same ids find them. */
async function begin(context: RunContext, known: SourceState | undefined, name: string): Promise<number> {
  const attempts = known?.attempts ?? 0;
  if (known?.state === 'begun' && !context.isNewPlace) return attempts;
  await context.record({ type: 'source-begun', name, attempt: attempts + 1 });
  return attempts + 1;
}

async function cloneSource(context: RunContext, source: GitSource, attempt: number): Promise<SourceFacts> {
  for (const [index, { words, workdir }] of sourceCommands(source).entries())
    await sourceJob(context, { source, words, workdir, id: `source.${source.name}-${attempt}-${index + 1}` });
  const facts = await readSource(context, source);
  if (facts !== undefined) return facts;
  throw new RunError('SOURCE_FAILED', `the source "${source.name}" is not the commit that it should be`);
}

async function readSource(context: RunContext, source: GitSource): Promise<SourceFacts | undefined> {
  const reading = sourceReading(source);
  if (reading === undefined) return undefined;
  const { end, text } = await ask(context, context.ownJob('source', reading.words));
  return succeeded(end) ? sourceFactsOf(source, text) : undefined;
}

/** Steps may commit, or check out something else, so that once they were begun another commit is theirs. */
async function isThere(
  context: RunContext,
  { source, facts }: { readonly source: PlannedSource; readonly facts: SourceFacts },
): Promise<boolean> {
  const path = `${context.place.workspace}/${source.path}`;
  if (source.kind !== 'git')
    return succeeded((await ask(context, context.ownJob('source', ['test', '-e', path]))).end);
  const { commit: _, ...anyCommit } = source;
  const found = await readSource(context, anyCommit);
  if (found === undefined) return false;
  if (found.commit === facts.commit) return true;
  if (context.state.lastBegun === 0) return false;
  const message = `the source "${source.name}" is at ${found.commit} now, and was at ${facts.commit}; steps were begun since, so it's left alone`;
  context.options.onEvent?.({ type: 'warning', message });
  return true;
}
