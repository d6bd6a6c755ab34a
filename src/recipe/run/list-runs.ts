import { createReadStream, existsSync } from 'node:fs';
import { messageOf } from '../../core/index.ts';
import { type BuildResult, buildSchemaVersion, type RunList, type RunSummary } from '../../results/index.ts';
import { describeRun, type KnownRun, summarize } from './describe.ts';
import { RunError } from './errors.ts';
import { readJournal } from './journal/read-journal.ts';
import { replay } from './journal/replay.ts';
import { folderSize } from './store/folder-size.ts';
import { keptObjects } from './store/objects.ts';
import { findRun, type RunFolder, runIds } from './store/run-folder.ts';
import { lockHolder } from './store/run-lock.ts';

/** All runs of a folder, newest first. One that can't be read is a problem, not an end. */
export async function listRuns({
  runs,
  signal,
}: {
  readonly runs: string;
  readonly signal?: AbortSignal | undefined;
}): Promise<RunList> {
  const found: RunSummary[] = [];
  const problems: RunList['problems'] = [];
  for (const run of await runIds(runs)) {
    signal?.throwIfAborted();
    try {
      const known = await knownRun(await findRun(runs, run));
      found.push({ ...summarize(known), bytes: await folderSize(known.folder.path) });
    } catch (error) {
      problems.push({ run, message: messageOf(error) });
    }
  }
  return { schemaVersion: buildSchemaVersion, runs: found, problems };
}

/** All of one run, also while it's at work. @throws RunError `RUN_NOT_FOUND`, `RUN_CHANGED`, `JOURNAL_DAMAGED` */
export async function showRun({
  runs,
  run,
}: {
  readonly runs: string;
  readonly run: string;
}): Promise<BuildResult> {
  const known = await knownRun(await findRun(runs, run));
  return describeRun(known, await keptObjects(known.folder.objects, known.state));
}

/**
 * What a step, or a source as `source.NAME`, printed in all its attempts. The step doesn't have to be over.
 * @throws RunError `RUN_NOT_FOUND`, `LOG_MISSING`
 */
export async function readLog({
  runs,
  run,
  step,
}: {
  readonly runs: string;
  readonly run: string;
  readonly step: string;
}): Promise<AsyncIterable<Uint8Array>> {
  const folder = await findRun(runs, run);
  const file = folder.log(step);
  if (existsSync(file)) return createReadStream(file);
  const { plan } = await knownRun(folder);
  const names = [...plan.sources.map(({ name }) => `source.${name}`), ...plan.steps.map(({ id }) => id)];
  const isKnown = names.includes(step);
  throw new RunError(
    'LOG_MISSING',
    isKnown ? `"${step}" has printed nothing in ${run} yet` : `${run} has no step "${step}"`,
    {
      hint: isKnown
        ? undefined
        : `There are ${names.slice(0, 20).join(', ')}${names.length > 20 ? ', …' : ''}.`,
    },
  );
}

/** @throws RunError */
export async function knownRun(folder: RunFolder): Promise<KnownRun> {
  // Asked first: who gives the run up in between has written how it ended.
  const isHeld = (await lockHolder(folder.lock)) !== undefined;
  const state = replay((await readJournal(folder.journal)).entries);
  return { folder, state, plan: await folder.readPlan(state.run), isHeld };
}
