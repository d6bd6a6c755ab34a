import { constants } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { EventSink } from '../../../core/index.ts';
import { messageOf } from '../../../core/index.ts';
import type { ExecOptions, Job, JobEnd } from '../types.ts';
import { type Caller, failureOf, noteOf } from './caller.ts';
import { FileFollower } from './follow-file.ts';
import { checkJob, type JobPlace, jobFolder, jobText } from './job-text.ts';
import { fields } from './prepare.ts';
import { beginScript, endScript } from './scripts/job.ts';
import { variablesScript } from './scripts/place.ts';
import type { CallEnd, OpenCall } from './transport.ts';

/** What a job is run with. */
export interface JobSite {
  readonly caller: Caller;
  readonly place: Omit<JobPlace, 'passed'>;
  readonly onEvent?: EventSink | undefined;
}

/** Above the grace: for asking a place to end a job, whatever else it does. */
const endingSeconds = 30;
/** For a job that's just being begun to be there, so that it can be ended. */
const beginSeconds = 10;

/** Begins a job or finds it again, hands on its output, and gives its end. See `Place.exec`. */
export async function runJob(site: JobSite, job: Job, options: ExecOptions): Promise<JobEnd> {
  checkJob(job);
  options.signal?.throwIfAborted();
  const passed = await passedVariables(site, job, options.signal);
  const run = new JobRun(site, job, { ...options, place: { ...site.place, passed } });
  return run.end();
}

/** The values of what `pass` names, asked from the place itself. */
async function passedVariables(
  { caller }: JobSite,
  { pass }: Job,
  signal: AbortSignal | undefined,
): Promise<Readonly<Record<string, string>>> {
  if (pass.length === 0) return {};
  const { output } = await caller.ask({
    script: variablesScript,
    words: pass,
    placeEnvironment: true,
    signal,
  });
  return fields(output.toString('utf8').split('\0'));
}

class JobRun {
  readonly #site: JobSite;
  readonly #job: Job;
  readonly #place: JobPlace;
  readonly #options: ExecOptions;
  readonly #folder: string;
  #file: FileFollower | undefined;
  #received: number;
  #adopted: boolean | undefined;
  /** Of who gets the output. */
  #failure: { readonly error: unknown } | undefined;
  /** Was the place asked to end it? */
  #ended = false;

  constructor(site: JobSite, job: Job, options: ExecOptions & { readonly place: JobPlace }) {
    this.#site = site;
    this.#job = job;
    this.#options = options;
    this.#place = options.place;
    this.#folder = jobFolder(options.place.workspace, job.id);
    this.#received = options.from ?? 0;
  }

  async end(): Promise<JobEnd> {
    const { signal, onOutput } = this.#options;
    const { caller } = this.#site;
    if (onOutput !== undefined && caller.transport.sharesFiles)
      this.#file = new FileFollower(`${this.#folder}/log`, this.#received, onOutput);
    try {
      return this.#endOf(await caller.persist(() => this.#attempt(), signal));
    } catch (error) {
      if (signal?.aborted) await this.#endInPlace();
      throw error;
    } finally {
      await this.#file?.finish();
    }
  }

  async #attempt(): Promise<readonly string[] | CallEnd> {
    const { signal } = this.#options;
    const { transport } = this.#site.caller;
    let isKnown = () => {};
    const known = new Promise<void>((resolve) => {
      isKnown = resolve;
    });
    const call = transport.open({
      script: beginScript,
      onNote: (note) => {
        this.#note(note);
        isKnown();
      },
    });
    const over = new AbortController();
    try {
      this.#feed(call);
      void call.ended.then(isKnown);
      const aborted = this.#aborted(known, over.signal);
      const end = await Promise.race([call.ended, aborted]);
      if (signal?.aborted) {
        await aborted;
        throw signal.reason;
      }
      if (this.#failure !== undefined) throw this.#failure.error;
      return end === undefined || end.done ? (end?.notes ?? []) : end;
    } finally {
      over.abort();
      call.drop();
    }
  }

  #note(note: string): void {
    if (note !== 'begun' && note !== 'adopted') return;
    this.#adopted ??= note === 'adopted';
    this.#file?.start();
  }

  /** Tells the script what the job is, and hands on what comes of it. */
  #feed(call: OpenCall): void {
    const { onOutput } = this.#options;
    const follows = onOutput !== undefined && !this.#site.caller.transport.sharesFiles;
    call.stdin.end(jobText(this.#job, this.#place, follows ? { from: this.#received } : undefined));
    call.stdout.on('data', (chunk: Buffer) => {
      this.#received += chunk.length;
      try {
        onOutput?.(chunk);
      } catch (error) {
        this.#failure ??= { error };
      }
    });
  }

  /**
   * When the signal aborts, once the job is ended in the place; what was begun can be ended, so it waits for that.
   */
  async #aborted(known: Promise<void>, over: AbortSignal): Promise<undefined> {
    const { signal } = this.#options;
    await new Promise<void>((resolve) => {
      if (signal?.aborted) resolve();
      signal?.addEventListener('abort', () => resolve(), { once: true, signal: over });
    });
    await Promise.race([known, delay(beginSeconds * 1000, undefined, { ref: false })]);
    await this.#endInPlace();
    return undefined;
  }

  /** What stands in the way of that is told, and doesn't hide that the job was aborted. */
  async #endInPlace(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    const { caller, onEvent } = this.#site;
    const signal = AbortSignal.timeout((this.#place.graceSeconds + endingSeconds) * 1000);
    try {
      const words = [this.#folder, String(Math.round(this.#place.graceSeconds * 100))];
      await caller.ask({ script: endScript, words, signal });
    } catch (error) {
      const message = `job ${this.#job.id} may go on in the place, it could not be ended: ${messageOf(error)}`;
      onEvent?.({ type: 'warning', message });
    }
  }

  #endOf(notes: readonly string[]): JobEnd {
    const note = noteOf(notes, 'ended', 'full', 'failed');
    if (note?.word === 'ended') return readEnd(note.rest, this.#adopted ?? true);
    const why = note?.word === 'failed' ? note.rest : 'no space left';
    throw failureOf(why, `job ${this.#job.id} can't be recorded in the place`);
  }
}

/** `HOW CODE FROM TO`, as the supervisor wrote it. */
function readEnd(record: string, adopted: boolean): JobEnd {
  const [how = '', code = '', from = '', to = ''] = record.trim().split(' ');
  const seconds = Math.max(0, Math.round((Number(to) - Number(from)) * 100) / 100);
  const known = Number.isFinite(seconds) ? { seconds } : {};
  if (how === 'timed-out') return { how, adopted, ...known };
  if (how === 'aborted') return { how: 'killed', signal: 'SIGTERM', adopted, ...known };
  const number = Number(code);
  if (how !== 'ended' || code === '' || !Number.isInteger(number)) return { how: 'lost', adopted };
  // A shell tells a signal as 128 and its number. So does a script whose command was killed, which is as good as
  // killed itself.
  const signal = signalNames.get(number - 128);
  if (signal !== undefined) return { how: 'killed', signal, adopted, ...known };
  return { how: 'exited', code: number, adopted, ...known };
}

const signalNames = new Map(
  Object.entries(constants.signals)
    .reverse()
    .map(([name, number]) => [number, name]),
);
