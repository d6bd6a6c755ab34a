import { Capture } from '../capture.ts';
import type { FileContent } from '../facts.ts';
import type { Context, Handler } from '../handler.ts';
import { readZip } from './read-zip.ts';
import { ZipStream } from './zip-stream.ts';

/** Reads a zip (jar, wheel, nupkg): by its central directory where it can be kept whole, else as it streams by. */
export class ZipHandler implements Handler {
  readonly #context: Context;
  readonly #capture: Capture | undefined;
  readonly #stream: ZipStream | undefined;

  constructor(context: Context) {
    this.#context = context;
    const { size, budget } = context;
    const capture =
      size !== undefined && size <= budget.limits.wholeFileBytes ? new Capture(size, budget) : undefined;
    // The budget may have no room for it.
    if (capture?.keepsAll === true) this.#capture = capture;
    else {
      capture?.release();
      this.#stream = new ZipStream(context);
    }
  }

  write(chunk: Buffer): void {
    this.#capture?.write(chunk);
    this.#stream?.write(chunk);
  }

  finish(): FileContent {
    if (this.#stream !== undefined) return { kind: 'archive', archive: this.#stream.finish() };
    const view = this.#capture?.view();
    const bytes = view?.readSome(0, view.size) ?? Buffer.alloc(0);
    const found = readZip(bytes, this.#context);
    this.#capture?.release();
    if (found !== undefined) return { kind: 'archive', archive: found };
    this.#context.problems.add(
      'malformed',
      'zip',
      'there is no central directory: the file is cut off, or damaged',
    );
    // What is there can still be told, entry by entry.
    const stream = new ZipStream(this.#context);
    stream.write(bytes);
    return { kind: 'archive', archive: stream.finish() };
  }
}
