import { ArmloadError, messageOf } from '../../../core/index.ts';
import { ExecutorError } from '../../executors/errors.ts';
import type { Place } from '../../executors/types.ts';
import { isFull, RunError, writingFailed } from '../errors.ts';
import type { JournalRecord } from '../journal/records.ts';
import { pairKey } from '../journal/replay.ts';
import { doCheck, imageNamed } from './checks.ts';
import type { RunContext } from './context.ts';
import { holdPlace } from './hold-place.ts';
import { preparePlace } from './prepare.ts';
import { proveStep } from './prove.ts';
import { publishImages } from './publish-images.ts';
import { RunFailure } from './run-failure.ts';
import { runStep } from './run-step.ts';
import { auditSaved, type ImageName, saveImage } from './save-images.ts';
import { inOrder } from './schedule.ts';
import { hideSecrets } from './secrets.ts';
import { haveSource, keepFiles } from './sources.ts';
import type { RunOptions } from './types.ts';

/** Milliseconds. */
const releaseTime = 20_000;
const discardTime = 600_000;

/** Works on the run until it's done or something is in the way, which is written to its journal then. */
export async function runSession(context: RunContext, options: RunOptions): Promise<void> {
  try {
    if (!context.state.built) await build(context, options);
    await publishImages(context, options.publish);
    await context.record({ type: 'run-done' });
  } catch (error) {
    const record = recordOf(context, error);
    await context.record(
      record ?? { type: 'run-interrupted', code: codeOf(error), message: said(context, error) },
    );
    if (record === undefined) throw writingFailed(error, context.folder.path);
  }
}

/** All that takes the place. It's given back whatever comes, and taken away when all is done. */
async function build(context: RunContext, options: RunOptions): Promise<void> {
  await keepFiles(context);
  const place = await holdPlace(context, options);
  let discard = false;
  try {
    await preparePlace(context, options);
    await doSources(context);
    await doSteps(context);
    await doChecks(context);
    await doImages(context);
    await context.record({ type: 'built' });
    discard = options.keepWorkspace !== true;
  } finally {
    await giveBack(context, place, discard);
  }
}

async function giveBack(context: RunContext, place: Place, discard: boolean): Promise<void> {
  try {
    // A place that is lost would be waited for once more.
    await place.release({ discard, signal: AbortSignal.timeout(discard ? discardTime : releaseTime) });
    await context.record({ type: 'place-released', discarded: discard });
  } catch (error) {
    // What the run came to is told all the same; what's left in the place, `clean` takes away.
    const message = `the place could not be given back: ${said(context, error)}`;
    context.options.onEvent?.({ type: 'warning', message });
  }
}

async function doSources(context: RunContext): Promise<void> {
  const { sources } = context.plan;
  for (const [index, source] of sources.entries()) {
    const start = context.now();
    const event = {
      type: 'step',
      id: `source.${source.name}`,
      title: source.name,
      index: index + 1,
      total: sources.length,
    } as const;
    context.options.onEvent?.({ ...event, state: 'running', elapsed: 0 });
    try {
      await haveSource(context, source);
    } catch (error) {
      context.options.onEvent?.({ ...event, state: 'failed', elapsed: context.secondsSince(start) });
      throw error;
    }
    context.options.onEvent?.({ ...event, state: 'done', elapsed: context.secondsSince(start) });
  }
}

async function doSteps(context: RunContext): Promise<void> {
  const failures = await inOrder(context.plan.steps, {
    jobs: context.options.jobs,
    work: async (step, index) => {
      context.signal?.throwIfAborted();
      if (await proveStep(context, step, index)) return undefined;
      return runStep(context, step, index);
    },
  });
  const first = failures[0];
  if (first === undefined) return;
  const { step, message } = first;
  throw new RunFailure({
    kind: 'step',
    of: step.id,
    code: 'STEP_FAILED',
    message: `the step "${step.title ?? step.id}" failed: ${message}`,
    hint: 'Mend what it says, and resume the run: what was done stays done.',
  });
}

async function doChecks(context: RunContext): Promise<void> {
  const bad: string[] = [];
  for (const [index, check] of context.plan.checks.entries()) {
    context.signal?.throwIfAborted();
    const { title } = check;
    const answer = await doCheck(context, check);
    await context.record({ type: 'check-done', index, title, ...answer });
    if (answer.ok !== true) bad.push(`${title}: ${answer.why}`);
  }
  if (bad[0] === undefined) return;
  const more = bad.length === 1 ? '' : ` (and ${bad.length - 1} more)`;
  throw new RunFailure({ kind: 'check', code: 'CHECK_FAILED', message: `a check fails: ${bad[0]}${more}` });
}

/** Those to publish; those that a check names are saved already. */
async function doImages(context: RunContext): Promise<void> {
  for (const { step, output, image } of context.plan.publications) {
    const name: ImageName = imageNamed(image) ?? { step, output };
    // Left out with the step that would have made it.
    if (context.state.steps.get(name.step)?.state === 'skipped') continue;
    await saveImage(context, name);
    await auditSaved(context, name);
    refuseBad(context, name);
  }
}

function refuseBad({ state }: RunContext, { step, output }: ImageName): void {
  const saved = state.images.get(pairKey(step, output));
  const audit = saved === undefined ? undefined : state.audits.get(pairKey(saved.sha256, saved.platform));
  if (saved === undefined || audit === undefined || audit.ok === true) return;
  throw new RunFailure({
    kind: 'audit',
    of: saved.reference,
    code: audit.ok === false ? 'AUDIT_REFUSED' : 'AUDIT_UNKNOWN',
    message: `the audit of ${saved.reference} says ${audit.verdict}: ${audit.why}`,
  });
}

/** What's to be written of an error that ends the session in an orderly way; undefined for all others. */
function recordOf(context: RunContext, error: unknown): JournalRecord | undefined {
  // What an abort cuts off may well say so in its own words.
  const isOurs = error instanceof RunFailure || error instanceof RunError;
  if (context.signal?.aborted === true && !isOurs)
    return { type: 'run-interrupted', code: 'INTERRUPTED', message: 'it was interrupted' };
  if (error instanceof RunFailure) return { type: 'run-failed', ...error.failure };
  const isAway =
    error instanceof ExecutorError && (error.code === 'PLACE_LOST' || error.code === 'PLACE_UNREACHABLE');
  const kind = kindOf(error);
  if (kind === undefined || !(error instanceof ArmloadError)) return undefined;
  const { code, hint } = error;
  const message = said(context, error);
  if (isAway) return { type: 'run-interrupted', code, message };
  const of = typeof error.facts['source'] === 'string' ? { of: error.facts['source'] } : {};
  return { type: 'run-failed', kind, code, message, ...of, ...(hint === undefined ? {} : { hint }) };
}

function kindOf(error: unknown): string | undefined {
  if (error instanceof ExecutorError) return 'place';
  if (!(error instanceof RunError)) return undefined;
  if (error.code === 'SOURCE_FAILED') return 'source';
  if (error.code === 'PLACE_LACKS') return 'place';
  return error.code === 'OUTPUT_WRONG' ? 'other' : undefined;
}

function codeOf(error: unknown): string {
  if (error instanceof ArmloadError) return error.code;
  return isFull(error) ? 'DISK_FULL' : 'UNEXPECTED';
}

function said({ options }: RunContext, error: unknown): string {
  return hideSecrets(messageOf(error), options.hidden);
}
