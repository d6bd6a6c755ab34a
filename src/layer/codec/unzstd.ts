import { messageOf } from '../../core/index.ts';
import { LayerError } from '../errors.ts';

/** Empty outputs in a row for one piece of input. Good streams had 2 at most; damaged ones go on for ever. */
const maxIdle = 1000;

/**
 * Decompresses zstd of any number of frames, skippable ones among them. The decoder runs where it's called and gives
 * its memory back only at a good end: after a failure, the thread is to be ended.
 * @throws LayerError `LAYER_MALFORMED`, or what the input throws.
 */
export async function* unzstd(input: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  // Only now: few layers are zstd, and the decoder's program is large.
  const { ZSTDDecoder } = await import('zstddec/stream');
  const decoder = new ZSTDDecoder();
  await decoder.init();
  const queue = new Queue();
  const outputs = decoder.decodeStreaming(queue);
  for await (const chunk of input) {
    queue.chunks.push(chunk);
    // The decoder can't wait for input, so it's asked only while there is a piece beyond the one it's at.
    while (queue.chunks.length > 0) {
      const output = step(outputs, queue);
      if (output !== undefined && output.length > 0) yield output;
    }
  }
  for (let output = step(outputs, queue); output !== undefined; output = step(outputs, queue))
    if (output.length > 0) yield output;
}

class Queue implements Iterable<Uint8Array> {
  readonly chunks: Uint8Array[] = [];
  idle = 0;

  *[Symbol.iterator](): Generator<Uint8Array, void, undefined> {
    for (let next = this.chunks.shift(); next !== undefined; next = this.chunks.shift()) {
      this.idle = 0;
      if (next.length > 0) yield next;
    }
  }
}

function step(outputs: Generator<Uint8Array>, queue: Queue): Uint8Array | undefined {
  let next: IteratorResult<Uint8Array>;
  try {
    next = outputs.next();
  } catch (error) {
    throw new LayerError('LAYER_MALFORMED', `the layer's zstd is damaged: ${messageOf(error)}`, {
      cause: error,
    });
  }
  if (next.done === true) return undefined;
  queue.idle = next.value.length === 0 ? queue.idle + 1 : 0;
  if (queue.idle > maxIdle)
    throw new LayerError('LAYER_MALFORMED', "the layer's zstd is damaged: it gives no output any more");
  return next.value;
}
