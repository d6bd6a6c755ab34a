import { messageOf } from '../../../core/index.ts';
import type { PlannedStep, StepFacts } from '../../plan/types.ts';
import type { StepState } from '../journal/replay.ts';
import { ask, succeeded } from './ask.ts';
import type { RunContext } from './context.ts';
import { engineImage } from './engine-image.ts';
import { isRecipeProblem, stepHolds, stepInput } from './resolve-step.ts';

/**
 * Of a step that an earlier session finished: is that still so? Then what it gave counts again, and it isn't done again.
 * Otherwise why not. Files that are gone from the place are put back from where the run keeps them.
 */
export async function proveStep(context: RunContext, step: PlannedStep, index: number): Promise<boolean> {
  const known = context.state.steps.get(step.id);
  if (known?.state !== 'done' || known.facts === undefined) return false;
  const problem = await disproof(context, { step, known, facts: known.facts });
  if (problem !== undefined) {
    context.options.onEvent?.({ type: 'warning', message: `${step.id} is done again: ${problem}` });
    await context.record({ type: 'step-dropped', id: step.id, why: problem });
    return false;
  }
  context.steps.set(step.id, known.facts);
  await context.record({ type: 'step-reused', id: step.id });
  context.options.onEvent?.({
    type: 'step',
    id: step.id,
    title: step.title ?? step.id,
    state: 'reused',
    index: index + 1,
    total: context.plan.steps.length,
    elapsed: 0,
  });
  return true;
}

interface Proof {
  readonly step: PlannedStep;
  readonly known: StepState;
  readonly facts: StepFacts;
}

async function disproof(context: RunContext, proof: Proof): Promise<string | undefined> {
  const input = inputProblem(context, proof);
  if (input !== undefined) return input;
  const { facts, known } = proof;
  const files = Object.values(facts.files);
  const images = Object.values(facts.images);
  const gaveNothing = files.length + images.length + Object.keys(facts.values).length === 0;
  if (context.isNewPlace && gaveNothing)
    return 'the place lost its workspace, and the step keeps nothing elsewhere';
  const isLast = context.state.lastBegun < (known.done ?? 0);
  return (
    (files.length === 0 ? undefined : await filesProblem(context, { files, isLast })) ??
    (images.length === 0 ? undefined : await imagesProblem(context, { images, isLast }))
  );
}

function inputProblem(context: RunContext, { step, known }: Proof): string | undefined {
  try {
    if (!stepHolds(context, step)) return 'its condition is false now';
    return stepInput(context, step) === known.inputHash
      ? undefined
      : 'what goes into it is not the same any more';
  } catch (error) {
    if (isRecipeProblem(error)) return messageOf(error);
    throw error;
  }
}

interface Files {
  readonly files: readonly { readonly path: string; readonly sha256: string }[];
  /** Was nothing begun after the step was done? Then nothing of the run's own can have changed them. */
  readonly isLast: boolean;
}

async function filesProblem(context: RunContext, { files, isLast }: Files): Promise<string | undefined> {
  const found = await hashesOf(
    context,
    files.map(({ path }) => path),
  );
  for (const { path, sha256 } of files) {
    const hash = found.get(path);
    if (hash === sha256) continue;
    if (hash !== undefined && !isLast && !context.isNewPlace) {
      context.options.onEvent?.({
        type: 'warning',
        message: `${path} is not what the step left there; a later step may have changed it, so it's left alone`,
      });
      continue;
    }
    if (!(await putBack(context, { path, sha256 }))) return `its file ${path} is gone`;
  }
  return undefined;
}

async function putBack(
  context: RunContext,
  { path, sha256 }: { readonly path: string; readonly sha256: string },
): Promise<boolean> {
  const { objects } = context.folder;
  if ((await objects.size(sha256)) === undefined) return false;
  // Nobody wrote down whether it was: a program has to be, and nothing else minds.
  await context.place.put(path, objects.open(sha256), { executable: true, signal: context.signal });
  return true;
}

/** By path. What's not there has none. */
async function hashesOf(context: RunContext, paths: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const hashes = new Map<string, string>();
  for (let from = 0; from < paths.length; from += 100) {
    const some = paths.slice(from, from + 100);
    const absolute = some.map((path) => `${context.place.workspace}/${path}`);
    // Read as input, they're printed without their names, which some tools escape.
    const script = 'for file; do sha256sum <"$file" 2>/dev/null || echo; done';
    const { end, text } = await ask(context, context.ownJob('sums', ['sh', '-c', script, 'sh', ...absolute]));
    if (!succeeded(end)) continue;
    const lines = text.split('\n');
    for (const [index, path] of some.entries()) {
      const hash = /^[0-9a-f]{64}(?= )/.exec(lines[index] ?? '')?.[0];
      if (hash !== undefined) hashes.set(path, hash);
    }
  }
  return hashes;
}

async function imagesProblem(
  context: RunContext,
  {
    images,
    isLast,
  }: {
    readonly images: readonly { readonly reference: string; readonly id: string }[];
    readonly isLast: boolean;
  },
): Promise<string | undefined> {
  for (const { reference, id } of images) {
    const named = await engineImage(context, reference);
    if (named?.id === id) continue;
    const mayBeMoved = named !== undefined && !isLast;
    if (!mayBeMoved || (await engineImage(context, id)) === undefined)
      return `its image ${reference} is ${named === undefined ? 'gone' : 'another one'}`;
  }
  return undefined;
}
