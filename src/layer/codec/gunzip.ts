import { once } from 'node:events';
import { createGunzip, type Gunzip } from 'node:zlib';
import { messageOf } from '../../core/index.ts';
import { LayerError } from '../errors.ts';

const outputBytes = 256 * 1024;

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

  /** @throws LayerError `LAYER_MALFORMED` where something other than zeros follows the last member. */
  async #feed(input: AsyncIterable<Uint8Array>): Promise<void> {
    let fed = 0;
    for await (const chunk of input) {
      // zlib leaves what doesn't belong to a member, and takes nothing more.
      const ended = this.inflate.bytesWritten < fed;
      if (!ended) await this.#write(chunk);
      if (this.#givenUp) return;
      const rest = ended ? chunk : chunk.subarray(this.inflate.bytesWritten - fed);
      fed += chunk.length;
      if (rest.some((byte) => byte !== 0))
        throw new LayerError(
          'LAYER_MALFORMED',
          "the layer's gzip has other bytes than zeros behind its last member",
        );
    }
    this.inflate.end();
  }

  async #write(chunk: Uint8Array): Promise<void> {
    const written = new Promise<void>((resolve) => this.inflate.write(chunk, () => resolve()));
    await Promise.race([written, this.#closed]);
  }
}
