import type { PlannedStep } from '../../plan/types.ts';
import { RunError } from '../errors.ts';
import { pairKey, savedImages } from '../journal/replay.ts';
import { ask, endSentence, lastLines, succeeded } from './ask.ts';
import type { RunContext } from './context.ts';
import type { FinishedImage } from './types.ts';

const saveTimeout = 3600;

/** Of one step's image output. */
export interface ImageName {
  readonly step: string;
  readonly output: string;
}

/** Brings the image from the place's engine to the run's folder, as a `docker save` archive. @throws RunError */
export async function saveImage(context: RunContext, { step, output }: ImageName): Promise<void> {
  const image = context.steps.get(step)?.images[output];
  if (image === undefined)
    throw new RunError(
      'OUTPUT_WRONG',
      `there is no image "${output}" of the step "${step}": the step was skipped`,
    );
  const saved = context.state.images.get(pairKey(step, output));
  const isKept = saved?.id === image.id && (await context.folder.objects.size(saved.sha256)) === saved.size;
  if (isKept) return;
  const kept = await fetchImage(context, image);
  const platform = platformOf(context.plan.steps, { step, output });
  await context.record({ type: 'image-saved', step, output, ...image, ...kept, platform });
}

/** By reference, so that the archive says its name; and only if that is still the image that the step made. */
async function fetchImage(
  context: RunContext,
  { reference, id }: { readonly reference: string; readonly id: string },
): Promise<{ readonly sha256: string; readonly size: number }> {
  const { signal, place, folder } = context;
  const name = `.armload/images/${id.replace(':', '-')}.tar`;
  await place.put('.armload/images/.made', nothing(), { signal });
  const script = `[ "$(docker image inspect --format '{{.Id}}' -- "$1")" = "$2" ] || set -- "$2" "$2" "$3"
docker image save --output "$3" -- "$1"`;
  const words = ['sh', '-euc', script, 'sh', reference, id, `${place.workspace}/${name}`];
  const job = context.ownJob('image-save', words, saveTimeout);
  const { end, text } = await ask(context, job);
  if (!succeeded(end))
    throw new RunError(
      'OUTPUT_WRONG',
      `docker image save ${reference} ${endSentence(end, saveTimeout)}: ${lastLines(text)}`,
    );
  const kept = await folder.objects.keep(place.get(name, { signal }));
  await ask(context, context.ownJob('image-remove', ['rm', '-f', `${place.workspace}/${name}`]));
  return kept;
}

async function* nothing(): AsyncGenerator<Uint8Array, void, undefined> {}

function platformOf(steps: readonly PlannedStep[], { step, output }: ImageName): string {
  const images = steps.find(({ id }) => id === step)?.images ?? [];
  return images.find(({ name }) => name === output)?.platform ?? 'linux/arm64';
}

/** Audits what isn't found to be right yet. */
export async function auditSaved(context: RunContext, { step, output }: ImageName): Promise<void> {
  const { auditImage } = context.options;
  const saved = context.state.images.get(pairKey(step, output));
  if (auditImage === undefined || saved === undefined) return;
  const { sha256, platform } = saved;
  if (context.state.audits.get(pairKey(sha256, platform))?.ok === true) return;
  const answer = await auditImage(context.folder.objects.path(sha256), platform, { signal: context.signal });
  await context.record({ type: 'image-audited', sha256, platform, answer });
}

/** All that were saved, with what is known of them. */
export function finishedImages({
  state,
  folder,
  plan,
}: Pick<RunContext, 'state' | 'folder' | 'plan'>): readonly FinishedImage[] {
  return savedImages(state, plan).map(({ step, output, reference, id, platform, sha256, size }) => {
    const audit = state.audits.get(pairKey(sha256, platform));
    return {
      step,
      output,
      reference,
      id,
      platform,
      archive: folder.objects.path(sha256),
      sha256,
      size,
      ...(audit === undefined ? {} : { audit }),
      publish: plan.publications
        .filter((publication) => publication.step === step && publication.output === output)
        .map(({ name, tag }) => (tag === undefined ? { name } : { name, tag })),
    };
  });
}
