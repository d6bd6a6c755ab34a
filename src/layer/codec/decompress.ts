import { LayerError } from '../errors.ts';
import type { LayerLimits } from '../limits.ts';
import { gunzip } from './gunzip.ts';
import { type Compression, compressionByMagic, compressionOf, magicBytes } from './media-type.ts';
import { unzstd } from './unzstd.ts';

export interface Decompressed {
  /** What was found. */
  readonly compression: Compression;
  /** What the media type says, where it says it. */
  readonly declared: Compression | undefined;
  readonly tar: AsyncIterable<Uint8Array>;
}

/**
 * Opens a layer's compression: the media type must be one of a layer, and the first bytes have the last word on the
 * compression, as in the container engines.
 * @throws LayerError; the stream throws `LAYER_MALFORMED` and `LAYER_LIMIT`.
 */
export async function decompress(
  input: AsyncIterable<Uint8Array>,
  mediaType: string,
  limits: LayerLimits,
): Promise<Decompressed> {
  const declared = compressionOf(mediaType);
  const counted = new Counted(input);
  const start = await counted.start();
  const found = compressionByMagic(start);
  if (found === 'bzip2' || found === 'xz')
    throw new LayerError('LAYER_UNSUPPORTED', `the layer is compressed with ${found}`);
  const compression = found ?? (start.length === 0 ? 'none' : (declared ?? 'none'));
  const tar = compression === 'gzip' ? gunzip(counted) : compression === 'zstd' ? unzstd(counted) : counted;
  return { compression, declared, tar: bounded(tar, counted, limits) };
}

/** Counts the input, and lets its start be seen before it's read. */
class Counted implements AsyncIterable<Uint8Array> {
  bytes = 0;
  readonly #iterator: AsyncIterator<Uint8Array>;
  #start: Uint8Array = new Uint8Array(0);

  constructor(input: AsyncIterable<Uint8Array>) {
    this.#iterator = input[Symbol.asyncIterator]();
  }

  /** At least the bytes that tell the compression, if there are as many. */
  async start(): Promise<Uint8Array> {
    while (this.#start.length < magicBytes) {
      const next = await this.#iterator.next();
      if (next.done === true) break;
      this.#start = this.#start.length === 0 ? next.value : Buffer.concat([this.#start, next.value]);
    }
    return this.#start;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      this.bytes += this.#start.length;
      if (this.#start.length > 0) yield this.#start;
      this.#start = new Uint8Array(0);
      for (;;) {
        const next = await this.#iterator.next();
        if (next.done === true) return;
        this.bytes += next.value.length;
        yield next.value;
      }
    } finally {
      await this.#iterator.return?.();
    }
  }
}

async function* bounded(
  tar: AsyncIterable<Uint8Array>,
  compressed: Counted,
  limits: LayerLimits,
): AsyncGenerator<Uint8Array, void, undefined> {
  let bytes = 0;
  for await (const chunk of tar) {
    bytes += chunk.length;
    if (bytes > limits.uncompressedBytes)
      throw new LayerError(
        'LAYER_LIMIT',
        `the layer unpacks to more than the limit of ${limits.uncompressedBytes} bytes`,
      );
    if (bytes > limits.ratioFreeBytes && bytes > limits.ratio * compressed.bytes)
      throw new LayerError(
        'LAYER_LIMIT',
        `the layer unpacks to more than ${limits.ratio} times its size, over the limit: ${bytes} bytes out of ${compressed.bytes}`,
      );
    yield chunk;
  }
}
