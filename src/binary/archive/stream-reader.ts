import { asBuffer } from '../bytes.ts';

/** Takes pieces of a stream until it has enough. */
export interface Sink {
  /**
   * Returns how many bytes it used; fewer than given while not `done` means: bring them again with more behind. `ended`:
   * nothing comes behind.
   */
  accept(chunk: Buffer, ended: boolean): number;
  readonly done: boolean;
}

/** What a reader of a stream asks for next: some bytes at once, or that a sink is fed. */
export type Request = { readonly take: number } | { readonly feed: Sink };

/**
 * A parser of something that streams by. It yields requests and gets, for `take`, the bytes (fewer at the end of the stream)
 * and, for `feed`, nothing.
 */
export type Parser = Generator<Request, void, Buffer>;

const nothing: Buffer = Buffer.alloc(0);

/** Drives a parser with the pieces of a stream. */
export class StreamReader {
  /** Offset in the stream of the next byte the parser gets. */
  offset = 0;
  readonly #parser: Parser;
  #request: Request | undefined;
  #pending: Buffer = nothing;

  constructor(parse: (reader: StreamReader) => Parser) {
    this.#parser = parse(this);
    this.#advance(nothing);
  }

  /** True when the parser wants nothing more. */
  get done(): boolean {
    return this.#request === undefined;
  }

  write(chunk: Uint8Array): void {
    if (this.#request === undefined) return;
    const bytes = this.#pending.length === 0 ? asBuffer(chunk) : Buffer.concat([this.#pending, chunk]);
    const rest = this.#work(bytes);
    this.#pending = this.#request === undefined ? nothing : Buffer.from(rest);
  }

  /** The stream is over: the parser gets what is left, then nothing. */
  finish(): void {
    let left = this.#pending;
    this.#pending = nothing;
    while (this.#request !== undefined) {
      const request = this.#request;
      const isTake = 'take' in request;
      const used = isTake
        ? Math.min(request.take, left.length)
        : request.feed.done
          ? 0
          : request.feed.accept(left, true);
      const bytes = left.subarray(0, used);
      left = left.subarray(used);
      this.offset += used;
      this.#advance(isTake ? bytes : nothing);
    }
  }

  #work(bytes: Buffer): Buffer {
    let left = bytes;
    for (;;) {
      const request = this.#request;
      if (request === undefined) return nothing;
      if ('take' in request) {
        if (left.length < request.take) return left;
        const taken = left.subarray(0, request.take);
        left = left.subarray(taken.length);
        this.offset += taken.length;
        this.#advance(taken);
        continue;
      }
      if (!request.feed.done) {
        if (left.length === 0) return left;
        const used = request.feed.accept(left, false);
        left = left.subarray(used);
        this.offset += used;
      }
      if (!request.feed.done) return left;
      this.#advance(nothing);
    }
  }

  #advance(bytes: Buffer): void {
    const next = this.#parser.next(bytes);
    this.#request = next.done === true ? undefined : next.value;
  }
}

/** Passes a number of bytes on, or over. */
export class Pass implements Sink {
  #left: number;
  readonly #to: ((bytes: Buffer) => void) | undefined;

  constructor(bytes: number, to?: (bytes: Buffer) => void) {
    this.#left = bytes;
    this.#to = to;
  }

  get done(): boolean {
    return this.#left === 0;
  }

  get left(): number {
    return this.#left;
  }

  accept(chunk: Buffer): number {
    const part = chunk.subarray(0, this.#left);
    this.#to?.(part);
    this.#left -= part.length;
    return part.length;
  }
}
