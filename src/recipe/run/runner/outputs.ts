import { messageOf } from '../../../core/index.ts';
import type { PlannedStep, StepFacts } from '../../plan/types.ts';
import { RunError } from '../errors.ts';
import { ask, endSentence, succeeded } from './ask.ts';
import { readBounded } from './bounded.ts';
import type { RunContext } from './context.ts';
import { engineImage, isPlatform } from './engine-image.ts';
import { inspectStored, machineAnswer } from './machine.ts';
import type { ResolvedStep } from './resolve-step.ts';
import { maxValuesBytes, parseValues } from './values.ts';

/** Below the workspace: where the step of that job writes its values. */
export function valuesPath(job: string): string {
  return `.armload/values/${job}`;
}

/**
 * What a step gave, once its command is done: each claim is looked at, and files are kept.
 * @throws RunError `OUTPUT_WRONG` naming the claim that doesn't hold.
 */
export async function collectOutputs(
  context: RunContext,
  {
    step,
    resolved,
    job,
  }: { readonly step: PlannedStep; readonly resolved: ResolvedStep; readonly job: string },
): Promise<StepFacts> {
  const values = await collectValues(context, step, job);
  const files: Record<string, StepFacts['files'][string]> = {};
  for (const file of resolved.files) files[file.name] = await collectFile(context, file);
  const images: Record<string, StepFacts['images'][string]> = {};
  for (const image of resolved.images) images[image.name] = await collectImage(context, image);
  return { values, files, images };
}

async function collectValues(
  context: RunContext,
  step: PlannedStep,
  job: string,
): Promise<Readonly<Record<string, string>>> {
  if (step.values.length === 0) return {};
  const bytes = await ifThere(() =>
    readBounded(context.place.get(valuesPath(job), { signal: context.signal }), {
      what: '$ARMLOAD_VALUES',
      maxBytes: maxValuesBytes,
    }),
  );
  return parseValues(bytes, { step, secrets: context.options.secrets });
}

async function collectFile(
  context: RunContext,
  file: ResolvedStep['files'][number],
): Promise<StepFacts['files'][string]> {
  const { name, path } = file;
  const { objects } = context.folder;
  const kept = await objects
    .keep(context.place.get(path, { signal: context.signal }))
    .catch((error: unknown) => {
      throw isMissing(error) ? notMade(context, file, error) : error;
    });
  if (file.sha256 !== undefined && file.sha256 !== kept.sha256)
    throw wrong(name, path, `has the SHA-256 ${kept.sha256}, and should have ${file.sha256}`);
  if (file.machine !== undefined) {
    const { signal } = context;
    const facts = await inspectStored(objects.path(kept.sha256), { path, size: kept.size, signal });
    const answer = machineAnswer(facts, file.machine);
    if (answer.ok !== true) throw wrong(name, path, `is not as it should be: ${answer.why}`);
  }
  if (file.executable) await checkExecutable(context, file);
  return { path, sha256: kept.sha256 };
}

function notMade(
  { place }: RunContext,
  { name, path }: { readonly name: string; readonly path: string },
  cause: unknown,
): RunError {
  return new RunError('OUTPUT_WRONG', `the step did not make the file "${name}": ${messageOf(cause)}`, {
    cause,
    hint: `Paths of outputs are below the workspace, ${place.workspace}.`,
    facts: { output: name, path },
  });
}

async function checkExecutable(
  context: RunContext,
  { name, path }: { readonly name: string; readonly path: string },
): Promise<void> {
  const job = context.ownJob('is-executable', ['test', '-x', `${context.place.workspace}/${path}`]);
  const { end } = await ask(context, job);
  if (succeeded(end)) return;
  if (end.how === 'exited' && end.code === 1) throw wrong(name, path, 'is not executable');
  throw wrong(name, path, `could not be looked at: test -x ${endSentence(end, job.timeoutSeconds)}`);
}

async function collectImage(
  context: RunContext,
  { name, reference, platform }: ResolvedStep['images'][number],
): Promise<StepFacts['images'][string]> {
  const found = await engineImage(context, reference);
  if (found === undefined)
    throw new RunError(
      'OUTPUT_WRONG',
      `the step did not make the image "${name}": the engine has no ${reference}`,
      {
        facts: { output: name, reference },
      },
    );
  if (!isPlatform(found.platform, platform))
    throw new RunError(
      'OUTPUT_WRONG',
      `the image "${name}", ${reference}, is for ${found.platform}, and should be for ${platform}`,
      { facts: { output: name, reference, found: found.platform, wanted: platform } },
    );
  return { reference, id: found.id };
}

function wrong(name: string, path: string, what: string): RunError {
  return new RunError('OUTPUT_WRONG', `the file "${name}", ${path}, ${what}`, {
    facts: { output: name, path },
  });
}

/** Undefined where the place says that there's no such file. */
export async function ifThere<Value>(read: () => Promise<Value>): Promise<Value | undefined> {
  try {
    return await read();
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'FILE_MISSING';
}
