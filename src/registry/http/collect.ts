import type { Dispatcher } from 'undici';
import type { Clock } from '../../core/index.ts';
import type { ResponseHeaders } from './message.ts';

/** Why an answer's body wasn't read to its end. */
export class BodyLimitError extends Error {
  readonly limit: 'size' | 'time';

  constructor(limit: 'size' | 'time') {
    super(
      limit === 'size' ? 'the body is larger than its limit' : 'the body takes longer than its time limit',
    );
    this.limit = limit;
  }
}

/** Bounds of an answer that is read into memory. */
export interface Bounds {
  /** Of a body with a 2xx status. */
  readonly maxBytes: number;
  /** Of any other body: what is beyond it is left unread, and the status still counts. */
  readonly maxErrorBytes: number;
  /** Milliseconds from its head to its last byte, by the clock; an idle connection ends by its own timeout. */
  readonly time: number;
  readonly clock: Clock;
}

/** An answer, whole. */
export interface Collected {
  readonly status: number;
  readonly headers: ResponseHeaders;
  readonly bytes: Uint8Array;
}

/**
 * Sends a request and reads the answer into memory, within bounds. It listens to the parser directly: for answers of a few
 * kilobytes, a stream for each of them would cost a good part of the whole request.
 * @throws BodyLimitError; the connection's errors; the signal's reason.
 */
export function collect(
  dispatcher: Dispatcher,
  options: Dispatcher.DispatchOptions,
  bounds: Bounds,
  signal: AbortSignal | undefined,
): Promise<Collected> {
  return new Promise((resolve, reject) => {
    const collector = new Collector(options.method, bounds, { resolve, reject, signal });
    dispatcher.dispatch(options, collector);
  });
}

interface Outcome {
  readonly resolve: (collected: Collected) => void;
  readonly reject: (error: unknown) => void;
  readonly signal: AbortSignal | undefined;
}

const nothing = new Uint8Array();

class Collector implements Dispatcher.DispatchHandler {
  readonly #bounds: Bounds;
  readonly #outcome: Outcome;
  readonly #isHead: boolean;
  #deadline = 0;
  #controller: Dispatcher.DispatchController | undefined;
  #status = 0;
  #headers: ResponseHeaders = {};
  #chunks: Buffer[] = [];
  #size = 0;

  constructor(method: string, bounds: Bounds, outcome: Outcome) {
    this.#isHead = method === 'HEAD';
    this.#bounds = bounds;
    this.#outcome = outcome;
    outcome.signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#outcome.signal?.aborted) this.#onAbort();
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: ResponseHeaders): void {
    // Informational answers come before the real one.
    if (status < 200) return;
    this.#status = status;
    this.#headers = headers;
    this.#deadline = this.#bounds.clock.now() + this.#bounds.time;
    if (this.#isGood() && Number(headers['content-length']) > this.#bounds.maxBytes && !this.#isHead) {
      controller.abort(new BodyLimitError('size'));
    }
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#size += chunk.length;
    if (this.#size > (this.#isGood() ? this.#bounds.maxBytes : this.#bounds.maxErrorBytes)) {
      this.#stop(controller, 'size');
    } else if (this.#bounds.clock.now() > this.#deadline) {
      this.#stop(controller, 'time');
    } else {
      this.#chunks.push(chunk);
    }
  }

  onResponseEnd(): void {
    const [first] = this.#chunks;
    // A copy: the chunk is a view of a socket's large buffer, which a kept manifest would keep with it.
    const single = this.#chunks.length === 1 && first !== undefined;
    this.#finish(single ? Buffer.from(first) : Buffer.concat(this.#chunks, this.#size));
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#outcome.signal?.removeEventListener('abort', this.#onAbort);
    this.#outcome.reject(error);
  }

  #finish(bytes: Uint8Array): void {
    this.#outcome.signal?.removeEventListener('abort', this.#onAbort);
    this.#outcome.resolve({ status: this.#status, headers: this.#headers, bytes });
  }

  #stop(controller: Dispatcher.DispatchController, limit: 'size' | 'time'): void {
    // Nobody needs the rest of a long or slow error page.
    if (!this.#isGood()) this.#finish(nothing);
    controller.abort(new BodyLimitError(limit));
  }

  readonly #onAbort = (): void => {
    const reason = this.#outcome.signal?.reason as Error;
    this.#outcome.reject(reason);
    this.#controller?.abort(reason);
  };

  #isGood(): boolean {
    return this.#status >= 200 && this.#status < 300;
  }
}
