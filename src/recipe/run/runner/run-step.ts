import { messageOf } from '../../../core/index.ts';
import type { PlannedStep } from '../../plan/types.ts';
import type { AttemptEnd } from './attempt.ts';
import { attemptStep } from './attempt.ts';
import type { RunContext } from './context.ts';
import { isRecipeProblem, resolveStep, stepHolds, stepInput } from './resolve-step.ts';
import { hideSecrets } from './secrets.ts';

const maxLosses = 3;

/** A step that failed for good. `it exited with 2`. */
export interface StepFailure {
  readonly step: PlannedStep;
  readonly message: string;
}

/** Does a step, skips it, or says how it failed. `index` is its place in the plan, from 0. */
export async function runStep(
  context: RunContext,
  step: PlannedStep,
  index: number,
): Promise<StepFailure | undefined> {
  const tell = teller(context, step, index);
  try {
    if (!stepHolds(context, step)) return await skip(context, step, tell);
    return await runAttempts(context, step, tell);
  } catch (error) {
    if (!isRecipeProblem(error)) throw error;
    const message = hideSecrets(messageOf(error), context.options.hidden);
    await context.record({
      type: 'step-failed',
      id: step.id,
      attempt: 0,
      how: 'unresolved',
      message,
      seconds: 0,
    });
    tell('failed', 0);
    return { step, message };
  }
}

type Tell = (state: 'running' | 'done' | 'skipped' | 'failed', elapsed: number) => void;

function teller(context: RunContext, step: PlannedStep, index: number): Tell {
  return (state, elapsed) =>
    context.options.onEvent?.({
      type: 'step',
      id: step.id,
      title: step.title ?? step.id,
      state,
      index: index + 1,
      total: context.plan.steps.length,
      elapsed,
      ...(step.expected === undefined ? {} : { expected: step.expected.seconds }),
    });
}

async function skip(context: RunContext, step: PlannedStep, tell: Tell): Promise<undefined> {
  const condition = step.when?.text ?? '';
  const known = context.state.steps.get(step.id);
  if (known?.state !== 'skipped') await context.record({ type: 'step-skipped', id: step.id, condition });
  tell('skipped', 0);
  return undefined;
}

async function runAttempts(
  context: RunContext,
  step: PlannedStep,
  tell: Tell,
): Promise<StepFailure | undefined> {
  for (;;) {
    const resolved = resolveStep(context, step);
    tell('running', 0);
    const end = await attemptStep(context, { step, resolved, inputHash: stepInput(context, step) });
    tell(end.kind, end.seconds);
    if (end.kind === 'done') {
      context.steps.set(step.id, end.facts);
      return undefined;
    }
    if (!mayTryAgain(context, step, end)) return { step, message: end.message };
    context.options.onEvent?.({ type: 'warning', message: `${step.id}: ${end.message}; it is tried again` });
    context.signal?.throwIfAborted();
  }
}

function mayTryAgain(
  context: RunContext,
  step: PlannedStep,
  end: Extract<AttemptEnd, { kind: 'failed' }>,
): boolean {
  const state = context.state.steps.get(step.id);
  if (end.how === 'lost') return (state?.losses ?? 0) < maxLosses;
  return (state?.failures ?? 0) <= step.retries;
}
