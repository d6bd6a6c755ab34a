import { once } from 'node:events';
import { createGunzip, type Gunzip } from 'node:zlib';
import { messageOf } from '../../core/index.ts';
import { LayerError } from '../errors.ts';

/** Each output is a way to another thread and back, so they are large. */
const outputBytes = 1024 * 1024;

/**
 * Of a chunk that `gunzip` gave and nobody needs any more: its buffer, if no other chunk will be in it. Zlib fills one from
 * end to end before it takes the next.
 */
export function spentBuffer({ buffer, byteOffset, length }: Uint8Array): ArrayBuffer | undefined {
  if (!(buffer instanceof ArrayBuffer) || buffer.byteLength !== outputBytes) return undefined;
  return byteOffset + length === outputBytes ? buffer : undefined;
}

/**
 * Inflates gzip of any number of members, on a thread of libuv's pool. Zeros behind the last member are padding;
 * anything else is refused, as the container engines do.
 * @throws LayerError `LAYER_MALFORMED`, or what the input throws.
 */
export async function* gunzip(input: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  const feeder = new Feeder(createGunzip({ chunkSize: outputBytes }));
  const feeding = feeder.feed(input);
  try {
    yield* feeder.inflate as AsyncIterable<Uint8Array>;
    await feeding;
  } catch (error) {
    throw feeder.failure?.error ?? damaged(error);
  } finally {
    feeder.giveUp();
  }
  if (feeder.failure !== undefined) throw feeder.failure.error;
}

function damaged(error: unknown): LayerError {
  return new LayerError('LAYER_MALFORMED', `the layer's gzip is damaged: ${messageOf(error)}`, {
    cause: error,
  });
}

class Feeder {
  readonly inflate: Gunzip;
  /** What the input threw, or what is wrong behind the last member. */
  failure: { readonly error: unknown } | undefined;
  readonly #closed: Promise<unknown>;
  #givenUp = false;
  /** Bytes written so far. */
  #fed = 0;
  /** Bytes behind the last member were met. */
  #ended = false;

  constructor(inflate: Gunzip) {
    this.inflate = inflate;
    this.#closed = once(inflate, 'close').catch(() => undefined);
  }

  giveUp(): void {
    this.#givenUp = true;
    this.inflate.destroy();
  }

  async feed(input: AsyncIterable<Uint8Array>): Promise<void> {
    try {
      await this.#feed(input);
    } catch (error) {
      this.failure = { error };
      this.inflate.destroy(error instanceof Error ? error : new Error(messageOf(error)));
    }
  }

  /**
   * Stays one piece ahead of the one that zlib works on, so that its thread never waits for this one.
   * @throws LayerError `LAYER_MALFORMED` where something other than zeros follows the last member.
   */
  async #feed(input: AsyncIterable<Uint8Array>): Promise<void> {
    let before: Promise<Uint8Array> | undefined;
    for await (const chunk of input) {
      const writing = this.#ended ? Promise.resolve(chunk) : this.#write(chunk);
      if (before !== undefined) checkPadding(await before);
      if (this.#givenUp) return;
      before = writing;
    }
    if (before !== undefined) checkPadding(await before);
    this.inflate.end();
  }

  /** Gives what zlib left of the chunk: what doesn't belong to a member. */
  async #write(chunk: Uint8Array): Promise<Uint8Array> {
    this.#fed += chunk.length;
    const end = this.#fed;
    let rest = chunk.subarray(chunk.length);
    const written = new Promise<void>((resolve) => {
      this.inflate.write(chunk, () => {
        // Once it left something it takes nothing of later chunks; and of the next one it took nothing yet.
        const left = Math.min(chunk.length, end - this.inflate.bytesWritten);
        if (left > 0) {
          this.#ended = true;
          rest = chunk.subarray(chunk.length - left);
        }
        resolve();
      });
    });
    await Promise.race([written, this.#closed]);
    return rest;
  }
}

/** @throws LayerError `LAYER_MALFORMED`. */
function checkPadding(bytes: Uint8Array): void {
  if (bytes.every((byte) => byte === 0)) return;
  throw new LayerError(
    'LAYER_MALFORMED',
    "the layer's gzip has other bytes than zeros behind its last member",
  );
}
