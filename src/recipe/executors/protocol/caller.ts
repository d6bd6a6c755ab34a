import { setTimeout as delay } from 'node:timers/promises';
import type { EventSink } from '../../../core/index.ts';
import { ExecutorError } from '../errors.ts';
import type { Timings } from './timings.ts';
import type { Call, CallEnd, Transport } from './transport.ts';

/** More than any answer of our scripts has. */
const answerBytes = 8 * 1024 * 1024;

export interface Question extends Call {
  readonly input?: string | Uint8Array;
  readonly signal?: AbortSignal | undefined;
}

export interface Answer {
  readonly notes: readonly string[];
  readonly output: Buffer;
}

/** Makes calls in a place, and makes them again with a new connection when they were cut off. */
export class Caller {
  readonly transport: Transport;
  readonly #timings: Timings;
  readonly #onEvent: EventSink | undefined;

  constructor(transport: Transport, options: { timings: Timings; onEvent?: EventSink | undefined }) {
    this.transport = transport;
    this.#timings = options.timings;
    this.#onEvent = options.onEvent;
  }

  /**
   * Runs a script that may run twice, and gives all that it answers.
   * @throws ExecutorError `PLACE_LOST`, or what the transport makes of it; the signal's reason.
   */
  ask(question: Question): Promise<Answer> {
    return this.persist(() => this.#once(question), question.signal);
  }

  /** Tries again what was cut off, until it comes to its end or the time for that is over. */
  async persist<T>(attempt: () => Promise<T | CallEnd>, signal: AbortSignal | undefined): Promise<T> {
    let since: number | undefined;
    let pause = this.#timings.firstPause;
    for (;;) {
      signal?.throwIfAborted();
      const started = performance.now();
      const result = await attempt();
      if (!isCallEnd(result)) return result;
      // It went well for a while: a new trouble, with a new time.
      if (performance.now() - started > this.#timings.longestPause * 2000)
        [since, pause] = [undefined, this.#timings.firstPause];
      const { error, temporary } = this.transport.explain(result);
      if (!temporary) throw error;
      since ??= performance.now();
      for (let connected = false; !connected; pause = Math.min(pause * 2, this.#timings.longestPause)) {
        const passed = (performance.now() - since) / 1000;
        if (passed > this.#timings.reconnect) throw lost(error, passed);
        this.#onEvent?.({ type: 'debug', message: `${error.message}; trying again in ${pause} s` });
        await wait(pause, signal);
        connected = await this.#connect(signal);
      }
    }
  }

  /** Connects anew after a call that was cut off. @throws as `ask` does */
  async resume(end: CallEnd, signal: AbortSignal | undefined): Promise<void> {
    let pending: CallEnd | undefined = end;
    await this.persist(() => {
      const result = pending ?? 'connected';
      pending = undefined;
      return Promise.resolve(result);
    }, signal);
  }

  async #connect(signal: AbortSignal | undefined): Promise<boolean> {
    try {
      await this.transport.connect({ signal });
      return true;
    } catch (error) {
      // It was let in before: most of what may be in the way now passes.
      if (error instanceof ExecutorError && error.facts['lasting'] !== true) return false;
      throw error;
    }
  }

  async #once({ input, signal, ...call }: Question): Promise<Answer | CallEnd> {
    const open = this.transport.open(call);
    const drop = () => open.drop();
    signal?.addEventListener('abort', drop, { once: true });
    try {
      open.stdin.end(input ?? '');
      const chunks: Buffer[] = [];
      let size = 0;
      open.stdout.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size <= answerBytes) chunks.push(chunk);
      });
      const end = await open.ended;
      signal?.throwIfAborted();
      if (size > answerBytes)
        throw new ExecutorError(
          'PLACE_UNUSABLE',
          `an answer from the place has more than ${answerBytes} bytes`,
        );
      return end.done ? { notes: end.notes, output: Buffer.concat(chunks) } : end;
    } finally {
      signal?.removeEventListener('abort', drop);
    }
  }
}

function isCallEnd(result: unknown): result is CallEnd {
  return typeof result === 'object' && result !== null && 'done' in result && result.done === false;
}

async function wait(seconds: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await delay(seconds * 1000, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}

function lost(cause: ExecutorError, seconds: number): ExecutorError {
  return new ExecutorError(
    'PLACE_LOST',
    `the place can't be reached any more, tried for ${Math.round(seconds)} s: ${cause.message}`,
    { cause, hint: 'what runs there may go on; resume the run when the place can be reached again' },
  );
}

/** The first of the notes that begins with one of these words, and the rest of it. */
export function noteOf(
  notes: readonly string[],
  ...words: readonly string[]
): { word: string; rest: string } | undefined {
  for (const note of notes) {
    const [word = ''] = note.split(' ', 1);
    if (words.includes(word)) return { word, rest: note.slice(word.length + 1) };
  }
  return undefined;
}

/** What a script that failed says, as an error: no space is told from other reasons. */
export function failureOf(why: string, what: string): ExecutorError {
  const full = /no space left|quota exceeded/i.test(why);
  return new ExecutorError(full ? 'PLACE_FULL' : 'PLACE_UNUSABLE', `${what}: ${why}`, {
    hint: full ? 'make space there, and resume the run' : undefined,
  });
}
