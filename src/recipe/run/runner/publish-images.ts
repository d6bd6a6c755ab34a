import { ArmloadError, messageOf } from '../../../core/index.ts';
import { pairKey } from '../journal/replay.ts';
import type { RunContext } from './context.ts';
import { RunFailure } from './run-failure.ts';
import { finishedImages } from './save-images.ts';
import { hideSecrets } from './secrets.ts';
import type { Publication, PublishImage } from './types.ts';

/** Publishes what is not published yet, each noted before and after: what was begun and has no end is handed over again. */
export async function publishImages(context: RunContext, publish: PublishImage | undefined): Promise<void> {
  if (publish === undefined) return;
  for (const image of finishedImages(context))
    for (const { name, tag } of image.publish)
      await publishOne(context, { image, name, ...(tag === undefined ? {} : { tag }) }, publish);
}

async function publishOne(
  context: RunContext,
  publication: Publication,
  publish: PublishImage,
): Promise<void> {
  const { name, tag = '', image } = publication;
  const known = context.state.publications.get(pairKey(name, tag));
  if (known?.done !== undefined && known.sha256 === image.sha256) return;
  const { signal } = context;
  signal?.throwIfAborted();
  await context.record({ type: 'publish-begun', name, tag, sha256: image.sha256 });
  try {
    const { reference, digest } = await publish(publication, { signal });
    await context.record({ type: 'publish-done', name, tag, sha256: image.sha256, reference, digest });
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof ArmloadError) || error.code === 'DISK_FULL') throw error;
    throw new RunFailure({
      kind: 'publish',
      of: name,
      code: error.code,
      message: `${name} could not be published: ${hideSecrets(messageOf(error), context.options.hidden)}`,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    });
  }
}
