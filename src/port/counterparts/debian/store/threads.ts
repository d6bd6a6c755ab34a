import { Worker } from 'node:worker_threads';
import { messageOf } from '../../../../core/index.ts';
import { findWorkerFile } from '../../../../layer/index.ts';
import { DebianError } from '../errors.ts';
import type { FromUnpacking } from './messages.ts';
import { type Unpacked, type UnpackJob, unpackDeb } from './unpack-deb.ts';

/** As of the threads that read layers: a thread's own objects, to which buffers don't count. */
const heapLimits = { maxOldGenerationSizeMb: 1024, maxYoungGenerationSizeMb: 6 };

/** The program of the unpacking threads, if it's built. */
export function unpackWorkerFile(): URL | undefined {
  return findWorkerFile('deb-worker.js', import.meta.url);
}

/** Threads that unpack one package each; as many as are asked for at a time. They keep the process alive only while they work. */
export class UnpackThreads {
  readonly #file: URL | undefined;
  readonly #idle: Worker[] = [];
  #closed = false;

  /** `file` is the threads' program; without it, this thread unpacks. */
  constructor(file: URL | undefined) {
    this.#file = file;
  }

  /** Nobody writes to the job's files any more when it's settled. @throws DebianError, or the signal's reason. */
  async run(job: UnpackJob, signal: AbortSignal): Promise<Unpacked> {
    signal.throwIfAborted();
    if (this.#file === undefined) return unpackDeb(job, { signal });
    const worker = this.#idle.pop() ?? new Worker(this.#file, { resourceLimits: heapLimits, stdout: false });
    worker.ref();
    try {
      const unpacked = await answerOf(worker, job, signal);
      worker.unref();
      if (this.#closed) await worker.terminate();
      else this.#idle.push(worker);
      return unpacked;
    } catch (error) {
      await worker.terminate();
      throw error;
    }
  }

  /** Ends the threads that have nothing to do; the others end with what they do. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#idle.splice(0).map((worker) => worker.terminate()));
  }
}

async function answerOf(worker: Worker, job: UnpackJob, signal: AbortSignal): Promise<Unpacked> {
  const listening = new AbortController();
  try {
    return await new Promise<Unpacked>((resolve, reject) => {
      const died = (reason: string): void =>
        reject(new DebianError('DEBIAN_WORKER', `the thread unpacking ${job.name} ended: ${reason}`));
      const heard = {
        message: (message: FromUnpacking) => {
          if (message.type === 'done') resolve(message.unpacked);
          else reject(new DebianError(message.failure.code, message.failure.message, message.failure));
        },
        error: (error: unknown) => died(messageOf(error)),
        exit: (code: number) => died(`it exited with code ${code}`),
      };
      for (const [event, listener] of Object.entries(heard)) {
        worker.on(event, listener);
        listening.signal.addEventListener('abort', () => worker.off(event, listener));
      }
      signal.addEventListener('abort', () => reject(signal.reason as Error), { signal: listening.signal });
      worker.postMessage(job);
    });
  } finally {
    listening.abort();
  }
}
