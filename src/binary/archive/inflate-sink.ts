import type { Problem } from '../facts.ts';
import type { Child, Context } from '../handler.ts';
import { Inflater, type InflateSpace } from './inflate.ts';
import type { Sink } from './stream-reader.ts';

/** Output of an entry that is free of the ratio limit: small files of zeros compress a thousandfold. */
const freeBytes = 8 * 1024 * 1024;

/** Feeds a file inside an archive with what an entry inflates to, within the budget. */
export class InflateSink implements Sink {
  readonly #inflater: Inflater;
  readonly #child: Child;
  readonly #context: Context;
  #in = 0;
  #out = 0;
  #limit: string | undefined;

  /** One sink after the other may use the same `space`. */
  constructor(child: Child, context: Context, space?: InflateSpace) {
    this.#child = child;
    this.#context = context;
    this.#inflater = new Inflater((bytes) => this.#pass(bytes), space);
  }

  /** The stream has ended, or nothing more of it is wanted. */
  get done(): boolean {
    return this.#inflater.state !== 'more';
  }

  accept(chunk: Buffer, ended: boolean): number {
    this.#in += chunk.length;
    const used = this.#inflater.write(chunk, ended);
    this.#in -= chunk.length - used;
    return used;
  }

  /** Says what went wrong, if anything did. */
  problem(): Pick<Problem, 'kind' | 'message'> | undefined {
    if (this.#limit !== undefined) return { kind: 'limit', message: this.#limit };
    if (this.#child.done) return undefined;
    if (this.#inflater.state === 'broken')
      return { kind: 'malformed', message: 'the compressed data is damaged' };
    if (this.#inflater.state === 'truncated')
      return { kind: 'truncated', message: 'the compressed data is cut off' };
    return undefined;
  }

  #pass(bytes: Uint8Array): boolean {
    const { budget } = this.#context;
    this.#out += bytes.length;
    if (!budget.countInflated(bytes.length)) {
      this.#limit = `more than ${budget.limits.inflatedBytes} bytes inflated in one file: the rest was not read`;
      return false;
    }
    if (this.#out > freeBytes && this.#out - freeBytes > this.#in * budget.limits.ratio) {
      this.#limit = `inflates to more than ${budget.limits.ratio} times its size: the rest was not read`;
      return false;
    }
    this.#child.write(bytes);
    return !this.#child.done;
  }
}
