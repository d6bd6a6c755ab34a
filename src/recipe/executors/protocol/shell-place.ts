import type { EventSink } from '../../../core/index.ts';
import type { CallOptions, ExecOptions, HostFacts, Job, JobEnd, Place, PutOptions } from '../types.ts';
import { Caller, failureOf, noteOf } from './caller.ts';
import { getFile, putFile } from './files.ts';
import { PlaceLock } from './lock.ts';
import { type Prepared, prepare } from './prepare.ts';
import { type Probe, probe } from './probe.ts';
import { runJob } from './run-job.ts';
import { discardScript } from './scripts/job.ts';
import { defaultTimings, type Timings } from './timings.ts';
import type { Transport } from './transport.ts';

export interface ShellPlaceOptions {
  readonly transport: Transport;
  readonly run: string;
  /** The folder of workspaces; empty for the place's own choice. */
  readonly root: string;
  /** The command a person gets into a workspace with. */
  readonly enter: (workspace: string) => string;
  readonly timings?: Partial<Timings> | undefined;
  readonly onEvent?: EventSink | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Instead of taking the workspace away, where all of the place goes. */
  readonly discard?: (options: CallOptions) => Promise<void>;
}

/** A place that a shell is reached in: all places are, and differ in their transports. */
export class ShellPlace implements Place {
  readonly workspace: string;
  readonly enter: string;
  readonly #options: ShellPlaceOptions;
  readonly #timings: Timings;
  readonly #caller: Caller;
  readonly #lock: PlaceLock;
  #prepared: Prepared;
  #probe: Promise<Probe> | undefined;

  private constructor(
    options: ShellPlaceOptions,
    parts: {
      readonly caller: Caller;
      readonly prepared: Prepared;
      readonly lock: PlaceLock;
      readonly timings: Timings;
    },
  ) {
    this.workspace = parts.prepared.workspace;
    this.enter = options.enter(this.workspace);
    this.#options = options;
    this.#timings = parts.timings;
    this.#caller = parts.caller;
    this.#lock = parts.lock;
    this.#prepared = parts.prepared;
  }

  /**
   * Prepares and locks the workspace. Closes the transport when that fails. @throws ExecutorError, see
   * `Executor.acquire`
   */
  static async open(options: ShellPlaceOptions): Promise<ShellPlace> {
    const { transport, run, root, signal, onEvent } = options;
    const timings = { ...defaultTimings, ...options.timings };
    const caller = new Caller(transport, { timings, onEvent });
    try {
      await transport.connect({ signal });
      const prepared = await prepare(caller, { root, run }, signal);
      const lock = await PlaceLock.take(caller, prepared.workspace, { run, timings, signal });
      return new ShellPlace(options, { caller, prepared, lock, timings });
    } catch (error) {
      await transport.close();
      throw error;
    }
  }

  async probe({ signal }: CallOptions): Promise<HostFacts> {
    this.#lock.check();
    // Anew each time: free space changes.
    this.#probe = probe(this.#caller, this.workspace, signal);
    return (await this.#probe).facts;
  }

  async exec(job: Job, options: ExecOptions): Promise<JobEnd> {
    this.#lock.check();
    const isolation = job.network === 'none' ? await this.#isolation(options) : undefined;
    const place = { ...this.#prepared, isolation, graceSeconds: this.#timings.grace };
    return runJob({ caller: this.#caller, place, onEvent: this.#options.onEvent }, job, options);
  }

  /** Asked once. */
  async #isolation({ signal }: CallOptions): Promise<Probe['isolation']> {
    this.#probe ??= probe(this.#caller, this.workspace, signal);
    try {
      return (await this.#probe).isolation;
    } catch (error) {
      this.#probe = undefined;
      throw error;
    }
  }

  async put(path: string, content: AsyncIterable<Uint8Array>, options: PutOptions): Promise<void> {
    this.#lock.check();
    await putFile(this.#caller, { workspace: this.workspace, path }, content, options);
  }

  get(path: string, options: CallOptions): AsyncIterable<Uint8Array> {
    return getFile(this.#caller, { workspace: this.workspace, path }, options);
  }

  async renew({ signal }: CallOptions): Promise<void> {
    await this.#caller.transport.close();
    await this.#caller.transport.connect({ signal });
    const { run, root } = this.#options;
    this.#prepared = await prepare(this.#caller, { root, run }, signal);
  }

  async release({ discard, signal }: CallOptions & { readonly discard: boolean }): Promise<void> {
    this.#lock.stop();
    try {
      if (!discard) await this.#lock.free(signal);
      else if (this.#options.discard !== undefined) await this.#options.discard({ signal });
      else await this.#discard(signal);
    } finally {
      await this.#caller.transport.close();
    }
  }

  async #discard(signal: AbortSignal | undefined): Promise<void> {
    const { notes } = await this.#caller.ask({
      script: discardScript,
      words: [this.workspace, String(Math.round(this.#timings.grace * 100))],
      signal,
    });
    const problem = noteOf(notes, 'failed');
    if (problem !== undefined) throw failureOf(problem.rest, 'the workspace');
  }
}
