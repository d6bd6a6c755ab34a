import { isAbort, messageOf } from '../../../core/index.ts';
import { ExecutorError } from '../../executors/errors.ts';
import type { Job, JobEnd } from '../../executors/types.ts';
import type { PlannedStep, StepFacts } from '../../plan/types.ts';
import { RunError } from '../errors.ts';
import type { StepEnd } from '../journal/records.ts';
import type { StepState } from '../journal/replay.ts';
import { plainName } from '../store/run-id.ts';
import { logSize, StepLog } from '../store/step-log.ts';
import { endSentence, succeeded } from './ask.ts';
import type { RunContext } from './context.ts';
import { collectOutputs, valuesPath } from './outputs.ts';
import { isRecipeProblem, type ResolvedStep } from './resolve-step.ts';
import { hideSecrets } from './secrets.ts';

/** How one attempt went. */
export type AttemptEnd =
  | { readonly kind: 'done'; readonly facts: StepFacts; readonly seconds: number }
  | {
      readonly kind: 'failed';
      readonly how: StepEnd;
      readonly code?: number;
      readonly signal?: string;
      readonly message: string;
      readonly seconds: number;
    };

interface Attempt {
  readonly number: number;
  readonly job: string;
  /** Bytes of the log that are of earlier attempts. */
  readonly log: number;
  readonly startedAt: number;
}

/**
 * Begins a step, or finds the attempt again whose end nobody recorded, and waits for its end. What's thrown says that the
 * end isn't known: the place is lost, the disk is full, somebody interrupts.
 */
export async function attemptStep(
  context: RunContext,
  {
    step,
    resolved,
    inputHash,
  }: { readonly step: PlannedStep; readonly resolved: ResolvedStep; readonly inputHash: string },
): Promise<AttemptEnd> {
  const attempt = await beginAttempt(context, { step, inputHash });
  const path = context.folder.log(step.id);
  const log = new StepLog(path, {
    from: attempt.log,
    onText: (text) => context.options.onEvent?.({ type: 'output', step: step.id, text }),
  });
  log.note(`attempt ${attempt.number} of ${step.id}, ${new Date(attempt.startedAt).toISOString()}`);
  try {
    return await followAttempt(context, { step, resolved, inputHash, attempt, log });
  } finally {
    log.close();
  }
}

interface Followed {
  readonly step: PlannedStep;
  readonly resolved: ResolvedStep;
  readonly inputHash: string;
  readonly attempt: Attempt;
  readonly log: StepLog;
}

async function followAttempt(context: RunContext, followed: Followed): Promise<AttemptEnd> {
  const { step, attempt, log, inputHash } = followed;
  const end = await execute(context, followed);
  const seconds = ('seconds' in end ? end.seconds : undefined) ?? context.secondsSince(attempt.startedAt);
  const lasted = { id: step.id, attempt: attempt.number, seconds };
  const problem = 'adopted' in end ? endProblem(end, { context, step, attempt }) : end;
  const outcome = problem ?? (await collected(context, followed));
  if ('facts' in outcome) {
    await context.record({ type: 'step-done', inputHash, facts: outcome.facts, ...lasted });
    return { kind: 'done', facts: outcome.facts, seconds };
  }
  const failure = { ...outcome, message: hideSecrets(outcome.message, context.options.hidden) };
  log.note(failure.message.split('\n').join(' | '));
  await context.record({ type: 'step-failed', ...failure, ...lasted });
  return { kind: 'failed', ...failure, seconds };
}

async function execute(
  context: RunContext,
  { step, resolved, attempt, log }: Followed,
): Promise<JobEnd | Problem> {
  const { signal } = context;
  try {
    const job = jobOf(context, { step, resolved, job: attempt.job });
    return await context.place.exec(job, { signal, onOutput: (chunk) => log.write(chunk) });
  } catch (error) {
    // The job was ended, so that there's nothing to find again.
    if (signal?.aborted === true && (isAbort(error) || error === signal.reason))
      await context.record({
        type: 'step-failed',
        id: step.id,
        attempt: attempt.number,
        how: 'interrupted',
        message: 'it was interrupted',
        seconds: context.secondsSince(attempt.startedAt),
      });
    if (isRefused(error)) return { how: 'unresolved', message: messageOf(error) };
    throw error;
  }
}

/** Nothing was begun, and never would be. */
function isRefused(error: unknown): boolean {
  return error instanceof ExecutorError && (error.code === 'JOB_REFUSED' || error.code === 'PATH_OUTSIDE');
}

function jobOf(
  context: RunContext,
  {
    step,
    resolved,
    job,
  }: { readonly step: PlannedStep; readonly resolved: ResolvedStep; readonly job: string },
): Job {
  const values =
    step.values.length === 0 ? {} : { ARMLOAD_VALUES: `${context.place.workspace}/${valuesPath(job)}` };
  return {
    id: job,
    command: resolved.command,
    workdir: resolved.workdir,
    environment: { ...resolved.environment, ...values },
    pass: context.plan.passEnvironment,
    secrets: context.options.hidden,
    timeoutSeconds: step.timeoutSeconds,
    network: step.network,
  };
}

/** The attempt that was begun and has no end, if it was of the same work; a new one otherwise. */
async function beginAttempt(
  context: RunContext,
  { step, inputHash }: { readonly step: PlannedStep; readonly inputHash: string },
): Promise<Attempt> {
  const state: StepState | undefined = context.state.steps.get(step.id);
  const isOpen = state?.state === 'begun' && state.inputHash === inputHash && !context.isNewPlace;
  if (isOpen && state.job !== undefined)
    return {
      number: state.attempts,
      job: state.job,
      log: state.log ?? 0,
      startedAt: state.begunAt ?? context.now(),
    };
  const number = (state?.attempts ?? 0) + 1;
  const job = `${plainName(step.id)}-${number}`;
  const log = logSize(context.folder.log(step.id));
  const startedAt = context.now();
  await context.record({ type: 'step-begun', id: step.id, attempt: number, inputHash, job, log });
  return { number, job, log, startedAt };
}

type Problem = Omit<Extract<AttemptEnd, { kind: 'failed' }>, 'kind' | 'seconds'>;

/**
 * What was killed while nobody watched was killed with all that ran there, or by whoever interrupted: it didn't fail. What
 * came to a bad end before this session began failed in an earlier one, which could not write it down any more: it's tried
 * anew, as all is that failed then.
 */
function endProblem(
  end: JobEnd,
  {
    context,
    step,
    attempt,
  }: { readonly context: RunContext; readonly step: PlannedStep; readonly attempt: Attempt },
): Problem | undefined {
  if (succeeded(end)) return undefined;
  const wasBefore = attempt.startedAt + (end.seconds ?? 0) * 1000 < context.startedAt;
  const how = end.adopted && (end.how === 'killed' || wasBefore) ? 'lost' : end.how;
  return {
    how,
    message: `it ${endSentence(end, step.timeoutSeconds)}${end.adopted && wasBefore ? ' before the run was taken up again' : ''}`,
    ...(end.code === undefined ? {} : { code: end.code }),
    ...(end.signal === undefined ? {} : { signal: end.signal }),
  };
}

async function collected(
  context: RunContext,
  { step, resolved, attempt }: Followed,
): Promise<{ readonly facts: StepFacts } | Problem> {
  try {
    return { facts: await collectOutputs(context, { step, resolved, job: attempt.job }) };
  } catch (error) {
    const isClaim = error instanceof RunError && error.code === 'OUTPUT_WRONG';
    if (!isClaim && !isRecipeProblem(error)) throw error;
    return { how: 'output-wrong', message: messageOf(error) };
  }
}
