import type { EventSink } from '../core/index.ts';
import type { Descriptor } from '../oci/index.ts';
import type { BlobSource, Destination, WritableRepository } from '../registry/index.ts';
import { inParallel } from './in-parallel.ts';
import type { PlannedBlob } from './plan.ts';

/** What became of a blob, or would. */
export interface BlobOutcome {
  readonly blob: PlannedBlob;
  readonly action: 'exists' | 'mounted' | 'uploaded';
}

export interface CopyOptions {
  readonly destination: Destination;
  readonly onEvent?: EventSink | undefined;
  readonly signal?: AbortSignal | undefined;
}

const blobsAtOnce = 4;
const looksAtOnce = 8;
/** Bytes between two reports of progress. */
const step = 1024 * 1024;

/**
 * Sees to it that the blobs are at the destination: left alone where they are, mounted from another repository of the
 * same registry, else streamed through.
 */
export function copyBlobs(
  repository: WritableRepository,
  blobs: readonly PlannedBlob[],
  options: CopyOptions,
): Promise<readonly BlobOutcome[]> {
  const { destination, onEvent, signal } = options;
  const meter = meterFor(blobs, onEvent);
  return inParallel(blobs, { limit: blobsAtOnce, signal }, async (blob, own) => {
    const source = meter.counted(sourceOf(blob, own));
    const mountFrom = mountsFor(blob, destination);
    const action = await repository.putBlob(blob, source.open, { signal: own, mountFrom });
    source.finish(blob.size);
    return { blob, action };
  });
}

/** What `copyBlobs` would do. A registry may still refuse to mount. */
export function foreseeBlobs(
  blobs: readonly PlannedBlob[],
  { destination, signal }: CopyOptions,
): Promise<readonly BlobOutcome[]> {
  return inParallel(blobs, { limit: looksAtOnce, signal }, async (blob, own) => {
    if (await destination.hasBlob(blob, { signal: own })) return { blob, action: 'exists' };
    return { blob, action: mountsFor(blob, destination).length > 0 ? 'mounted' : 'uploaded' };
  });
}

/** Other repositories of the destination's registry that hold the blob. */
function mountsFor({ digest, origins }: PlannedBlob, { home }: Destination): readonly string[] {
  const homes = origins.flatMap((origin) => origin.homeOf?.(digest) ?? origin.home ?? []);
  const names = homes.flatMap(({ registry, repository }) =>
    registry === home?.registry && repository !== home.repository ? [repository] : [],
  );
  return [...new Set(names)];
}

/** From this machine rather than over the network. */
function sourceOf(blob: PlannedBlob, signal: AbortSignal): BlobSource {
  const origin = blob.origins.find(({ home }) => home === undefined) ?? blob.origins[0];
  const descriptor: Pick<Descriptor, 'digest' | 'size'> = blob;
  if (origin === undefined) throw new RangeError(`the blob ${blob.digest} has no source`);
  return () => origin.layers.blob(descriptor, { signal });
}

interface Counted {
  readonly open: BlobSource;
  /** Counts what did not have to be read. */
  finish(size: number): void;
}

/** Tells how much of all bytes is there. An upload that starts over counts once. */
function meterFor(
  blobs: readonly PlannedBlob[],
  onEvent: EventSink | undefined,
): { counted(source: BlobSource): Counted } {
  const total = blobs.reduce((sum, { size }) => sum + size, 0);
  let done = 0;
  let told = 0;
  const add = (bytes: number) => {
    done += bytes;
    if (done - told < step && done < total) return;
    told = done;
    onEvent?.({ type: 'bytes', done, total });
  };
  return {
    counted(source) {
      let counted = 0;
      return {
        async *open() {
          let seen = 0;
          for await (const chunk of source()) {
            yield chunk;
            seen += chunk.length;
            if (seen <= counted) continue;
            add(seen - counted);
            counted = seen;
          }
        },
        finish(size) {
          add(size - counted);
          counted = size;
        },
      };
    },
  };
}
