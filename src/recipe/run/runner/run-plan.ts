import { systemClock } from '../../../core/index.ts';
import type { BuildResult } from '../../../results/index.ts';
import type { Plan } from '../../plan/types.ts';
import { describeRun } from '../describe.ts';
import { Journal } from '../journal/journal.ts';
import { readJournal } from '../journal/read-journal.ts';
import { replay } from '../journal/replay.ts';
import { keptObjects } from '../store/objects.ts';
import { createRun, findRun, type RunFolder } from '../store/run-folder.ts';
import { lockRun, type RunLock } from '../store/run-lock.ts';
import { RunContext } from './context.ts';
import { createDownload } from './download.ts';
import { hiddenForms, readSecrets } from './secrets.ts';
import { runSession } from './session.ts';
import type { NewRunOptions, ResumeOptions, RunOptions } from './types.ts';

/**
 * Does a plan in a new run, from its sources to the publication of its images. What fails there, and an interruption by
 * `signal`, is in the result; the run can be resumed then.
 * @throws RunError `SECRET_MISSING`, `DISK_FULL`, before or while it runs.
 */
export async function runPlan(options: NewRunOptions): Promise<BuildResult> {
  const { plan, recipeText, runs, executor, platform = 'linux/arm64', clock = systemClock } = options;
  // Asked before anything is made.
  readSecrets(plan, options.environment);
  const { folder, lock } = await createRun({
    runs,
    plan,
    recipeText,
    clock,
    begun: (digests) => ({
      type: 'run-begun',
      recipe: plan.recipe,
      ...(plan.product === undefined ? {} : { product: plan.product }),
      ...(plan.title === undefined ? {} : { title: plan.title }),
      ...digests,
      parameters: { ...plan.parameters },
      secrets: Object.keys(plan.secrets),
      executor: executor.address,
      platform,
    }),
  });
  options.onEvent?.({ type: 'phase', phase: `run ${folder.id}` });
  return held(lock, () => work({ folder, plan, options, isNew: true }));
}

/**
 * Takes a run up again where it stands, by the plan that it began with: what's done and still there is not done again, what
 * runs in its place is found there. A run that's done is left as it is.
 * @throws RunError `RUN_NOT_FOUND`, `RUN_LOCKED`, `RUN_CHANGED`, `JOURNAL_DAMAGED`, and as `runPlan` does.
 */
export async function resumeRun(options: ResumeOptions): Promise<BuildResult> {
  const { runs, run, clock = systemClock } = options;
  const folder = await findRun(runs, run);
  const lock = await lockRun(folder.lock, clock.now());
  return held(lock, async () => {
    const { entries } = await readJournal(folder.journal);
    const plan = await folder.readPlan(replay(entries).run);
    readSecrets(plan, options.environment);
    return work({ folder, plan, options, isNew: false });
  });
}

async function held<Value>(lock: RunLock, work: () => Promise<Value>): Promise<Value> {
  try {
    return await work();
  } finally {
    await lock.release();
  }
}

interface Work {
  readonly folder: RunFolder;
  readonly plan: Plan;
  readonly options: RunOptions;
  readonly isNew: boolean;
}

async function work({ folder, plan, options, isNew }: Work): Promise<BuildResult> {
  const { clock = systemClock, environment, jobs = 1, signal, onEvent } = options;
  const content = await readJournal(folder.journal);
  const state = replay(content.entries);
  const journal = await Journal.open(folder.journal, { clock, content, openFile: options.openJournal });
  const secrets = readSecrets(plan, environment);
  const context = new RunContext({
    plan,
    folder,
    journal,
    state,
    secrets,
    hidden: hiddenForms(secrets),
    clock,
    signal,
    onEvent,
    jobs: Math.max(1, jobs),
    download: options.download ?? createDownload({ environment, clock }),
    auditImage: options.auditImage,
  });
  try {
    const mayWork = isNew || state.end?.type !== 'run-done' || options.publish !== undefined;
    if (!isNew && mayWork) await context.record({ type: 'run-resumed', executor: options.executor.address });
    if (mayWork) await runSession(context, options);
  } finally {
    await journal.close();
  }
  return describeRun({ folder, state, plan, isHeld: false }, await keptObjects(folder.objects, state));
}
