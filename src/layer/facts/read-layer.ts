import { createHash } from 'node:crypto';
import { Scratch } from '../../binary/index.ts';
import { TarError, TarWalker } from '../../tar/index.ts';
import { decompress } from '../codec/decompress.ts';
import { spentBuffer } from '../codec/gunzip.ts';
import { createRelease } from '../codec/release.ts';
import { LayerError } from '../errors.ts';
import type { LayerLimits } from '../limits.ts';
import { EntryCollector } from './collector.ts';
import { DocumentWriter } from './document.ts';
import type { LayerFacts } from './types.ts';
import { matcher } from './wanted.ts';

/** What a reading thread is told of a layer: plain data. */
export interface ReadJob {
  readonly mediaType: string;
  /** The descriptor's annotations. */
  readonly annotations: Readonly<Record<string, string>>;
  readonly limits: LayerLimits;
  /** Patterns of the files whose content is kept. */
  readonly wanted: readonly string[];
  /** Hashes of each file besides SHA-256. */
  readonly hashes?: readonly ('md5' | 'sha1')[];
}

/**
 * Reads a layer's blob once, as it streams, in bounded memory. Gives the document of its facts, to be read with
 * `readDocument`. Layers that are read one after the other may share a `scratch`.
 * @throws LayerError, or what the input throws.
 */
export async function readLayerDocument(
  input: AsyncIterable<Uint8Array>,
  job: ReadJob,
  scratch = new Scratch(),
): Promise<Uint8Array<ArrayBuffer>> {
  const { compression, declared, tar } = await decompress(input, job.mediaType, job.limits);
  const document = new DocumentWriter(job.limits.documentBytes);
  const collector = new EntryCollector({
    limits: job.limits,
    isWanted: matcher(job.wanted),
    md5: job.hashes?.includes('md5') ?? false,
    sha1: job.hashes?.includes('sha1') ?? false,
    document,
    scratch,
  });
  if (declared !== undefined && declared !== compression)
    collector.notes.add(
      'compression-differs',
      `the layer's media type is ${job.mediaType}, but its compression is ${compression}`,
    );
  const walker = new TarWalker(collector, { maxEntries: job.limits.entries });
  const diffId = createHash('sha256');
  const release = createRelease();
  let size = 0;
  try {
    for await (const chunk of tar) {
      size += chunk.length;
      diffId.update(chunk);
      walker.write(chunk);
      const spent = compression === 'gzip' ? spentBuffer(chunk) : undefined;
      if (spent !== undefined) release(spent);
    }
    walker.finish();
  } catch (error) {
    throw asLayerError(error);
  }
  return document.finish({
    diffId: `sha256:${diffId.digest('hex')}`,
    size,
    compression,
    format: formatOf(job, compression, collector.lastPath),
    notes: collector.notes.kept,
    notesOmitted: collector.notes.omitted,
  });
}

function asLayerError(error: unknown): unknown {
  if (!(error instanceof TarError)) return error;
  const code = error.code === 'TAR_LIMIT' ? 'LAYER_LIMIT' : 'LAYER_MALFORMED';
  return new LayerError(code, `the layer can't be read: ${error.message}`, {
    cause: error,
    facts: error.facts,
  });
}

/** eStargz puts its index last (stargz-snapshotter, estargz.md); zstd:chunked keeps it out of the tar. */
function formatOf(job: ReadJob, compression: string, lastPath: string): LayerFacts['format'] {
  if (compression === 'gzip' && lastPath === 'stargz.index.json') return 'estargz';
  const chunked = 'io.github.containers.zstd-chunked.manifest-checksum';
  return compression === 'zstd' && job.annotations[chunked] !== undefined ? 'zstd:chunked' : 'tar';
}
