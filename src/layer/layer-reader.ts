import { createHash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import type { Descriptor, Digest } from '../oci/index.ts';
import type { CallOptions, Repository } from '../registry/index.ts';
import { LayerError } from './errors.ts';
import { documentVersion } from './facts/document.ts';
import { readDocument } from './facts/read-document.ts';
import type { ReadJob } from './facts/read-layer.ts';
import type { LayerFacts } from './facts/types.ts';
import { wantedFiles } from './facts/wanted.ts';
import { defaultLayerLimits, type LayerLimits } from './limits.ts';
import { createPool, type LayerPool, layerWorkerFile } from './pool/pool.ts';
import type { LayerStore } from './store.ts';

export interface LayerReaderOptions {
  /** Layers read at a time; one for each core unless told, 8 at most. */
  readonly atATime?: number;
  /** Keeps what was read. */
  readonly store?: LayerStore;
  /** What else a stored result depends on, such as armload's version: another one is read afresh. */
  readonly generation?: string;
  readonly limits?: Partial<LayerLimits>;
  /** Patterns of files to keep by content (`*` within a name); `wantedFiles` unless told. */
  readonly wanted?: readonly string[];
  /** Hashes of each file besides SHA-256, which only some callers need. */
  readonly hashes?: readonly ('md5' | 'sha1')[];
  /** The program of the reading threads; found by itself unless told. `none` reads in this thread. */
  readonly workerFile?: URL | 'none';
}

/** A layer, and where its blob is. */
export interface LayerSource {
  readonly repository: Pick<Repository, 'name' | 'blob'>;
  readonly descriptor: Descriptor;
  /** What the image's config says of the content. */
  readonly diffId?: Digest;
}

/** Reads layers once each, several at a time. To be closed. */
export interface LayerReader {
  /**
   * The blob is checked against its digest and size, the content against the diff-id.
   * @throws LayerError, RegistryError, or the signal's reason.
   */
  read(source: LayerSource, options?: CallOptions): Promise<LayerFacts>;
  close(): Promise<void>;
}

type ReadSettings = Pick<ReadJob, 'limits' | 'wanted' | 'hashes'>;

/**
 * Results are kept by the blob's digest, not by the diff-id that a config claims: nothing else proves that this blob has
 * that content.
 */
export function createLayerReader(options: LayerReaderOptions = {}): LayerReader {
  const workerFile = options.workerFile ?? layerWorkerFile();
  const pool = createPool(
    options.atATime ?? Math.min(8, availableParallelism()),
    workerFile === 'none' ? undefined : workerFile,
  );
  const settings: ReadSettings = {
    limits: { ...defaultLayerLimits, ...options.limits },
    wanted: options.wanted ?? wantedFiles,
    // Absent where nobody asked: results that were stored without them keep their keys.
    ...(options.hashes?.length && { hashes: [...new Set(options.hashes)].sort() }),
  };
  const flights = new Flights();

  async function read(source: LayerSource, call: CallOptions = {}): Promise<LayerFacts> {
    const key = keyOf(source.descriptor, settings, options.generation);
    const facts = await flights.join(key, call.signal, async (signal) => {
      const stored = await options.store?.get(key);
      const known = stored && readDocument(stored);
      if (known) return known;
      const document = await readBlob(pool, source, { ...settings, signal });
      await options.store?.put(key, document);
      return parsed(document);
    });
    return checkDiffId(facts, source);
  }

  return { read, close: () => pool.close() };
}

function readBlob(
  pool: LayerPool,
  { repository, descriptor }: LayerSource,
  { signal, ...settings }: ReadSettings & { readonly signal: AbortSignal },
): Promise<Uint8Array> {
  const job = { mediaType: descriptor.mediaType, annotations: descriptor.annotations ?? {}, ...settings };
  return pool.read(() => repository.blob(descriptor, { signal }), job, { bytes: descriptor.size, signal });
}

function parsed(document: Uint8Array): LayerFacts {
  const facts = readDocument(document);
  if (facts !== undefined) return facts;
  throw new LayerError('LAYER_WORKER', 'the thread reading the layer gave no facts');
}

/** @throws LayerError `LAYER_DIFF_ID`. */
function checkDiffId(facts: LayerFacts, { descriptor, diffId, repository }: LayerSource): LayerFacts {
  // A sha512 diff-id can't be compared with the sha256 one that was measured.
  if (diffId === undefined || diffId === facts.diffId) return facts;
  const what = `the layer ${descriptor.digest} of ${repository.name}`;
  if (!diffId.startsWith('sha256:'))
    throw new LayerError('LAYER_UNSUPPORTED', `${what} has a diff-id that is not sha256: ${diffId}`);
  throw new LayerError(
    'LAYER_DIFF_ID',
    `${what} has content ${facts.diffId}, but the image's config says ${diffId}`,
    { facts: { actual: facts.diffId, expected: diffId } },
  );
}

/** What a result depends on, as a name for a file. */
function keyOf(descriptor: Descriptor, settings: ReadSettings, generation = ''): string {
  // The size too: a blob that was read under its right size must not excuse a wrong one.
  const { digest, size, mediaType, annotations } = descriptor;
  const parts = [documentVersion, generation, digest, size, mediaType, annotations ?? {}, settings];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

interface Flight {
  readonly result: Promise<LayerFacts>;
  readonly controller: AbortController;
  waiting: number;
}

/** One reading for all who ask at the same time; it's given up when the last of them leaves. */
class Flights {
  readonly #flights = new Map<string, Flight>();

  async join(
    key: string,
    signal: AbortSignal | undefined,
    start: (signal: AbortSignal) => Promise<LayerFacts>,
  ): Promise<LayerFacts> {
    signal?.throwIfAborted();
    const flight = this.#flights.get(key) ?? this.#begin(key, start);
    flight.waiting++;
    if (signal === undefined) return flight.result;
    return new Promise((resolve, reject) => {
      const leave = () => {
        reject(signal.reason as Error);
        flight.waiting--;
        if (flight.waiting > 0) return;
        this.#flights.delete(key);
        flight.controller.abort(signal.reason);
      };
      signal.addEventListener('abort', leave, { once: true });
      flight.result.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
    });
  }

  #begin(key: string, start: (signal: AbortSignal) => Promise<LayerFacts>): Flight {
    const controller = new AbortController();
    const result = start(controller.signal).finally(() => {
      if (this.#flights.get(key)?.result === result) this.#flights.delete(key);
    });
    result.catch(() => undefined);
    const flight = { result, controller, waiting: 0 };
    this.#flights.set(key, flight);
    return flight;
  }
}
