import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { ExecutorError } from '../errors.ts';
import { type Caller, failureOf, noteOf } from './caller.ts';
import { leaseScript, lockScript } from './scripts/lock.ts';
import type { Timings } from './timings.ts';

/** Who holds a place: `RUN HOST BOOT NAMESPACE PID START SINCE`, each without blanks. */
interface Owner {
  readonly run: string;
  readonly host: string;
  readonly boot: string;
  readonly namespace: string;
  readonly pid: string;
  readonly start: string;
  readonly since: string;
}

/** A place's lock, held and renewed until it's given back. */
export class PlaceLock {
  readonly #caller: Caller;
  readonly #folder: string;
  readonly #number: string;
  readonly #timer: NodeJS.Timeout;
  #taken = false;

  private constructor(caller: Caller, folder: string, options: { number: string; timings: Timings }) {
    this.#caller = caller;
    this.#folder = folder;
    this.#number = options.number;
    this.#timer = setInterval(() => void this.#renew(), options.timings.renew * 1000);
    this.#timer.unref();
  }

  /**
   * Takes the lock of a workspace. A holder whose process is gone from this machine, or that didn't renew its lease,
   * is followed.
   * @throws ExecutorError `PLACE_BUSY` with who and since when.
   */
  static async take(
    caller: Caller,
    workspace: string,
    options: { readonly run: string; readonly timings: Timings; readonly signal: AbortSignal | undefined },
  ): Promise<PlaceLock> {
    const folder = `${workspace}/.armload`;
    const { run, timings, signal } = options;
    const self = ownProcess();
    const owner = [run, self.host, self.boot, self.namespace, self.pid, self.start].join(' ');
    let dead = '';
    for (;;) {
      const words = [folder, owner, String(timings.lease), dead];
      const { notes } = await caller.ask({ script: lockScript, words, signal });
      const note = noteOf(notes, 'got', 'held', 'failed');
      if (note?.word === 'got') return new PlaceLock(caller, folder, { number: note.rest, timings });
      if (note?.word !== 'held') throw failureOf(note?.rest ?? 'no word of it', "the place can't be locked");
      const [number = '', , ...holder] = note.rest.split(' ');
      const other = readOwner(holder);
      if (number === dead || !isGone(other, self)) throw busy(workspace, other);
      dead = number;
    }
  }

  /** @throws ExecutorError `PLACE_BUSY` when another took it over, since our lease was not renewed. */
  check(): void {
    if (!this.#taken) return;
    throw new ExecutorError(
      'PLACE_BUSY',
      'another run took over the place: this one did not renew its lease in time',
    );
  }

  async #renew(): Promise<void> {
    try {
      const { notes } = await this.#caller.ask({
        script: leaseScript,
        words: [this.#folder, this.#number, 'renew'],
      });
      if (notes.includes('taken')) this.#taken = true;
    } catch {
      // The next call to the place says what's wrong with it; the next renewal tries again.
    }
  }

  /** Gives it back, if it's still held. */
  async free(signal: AbortSignal | undefined): Promise<void> {
    this.stop();
    await this.#caller.ask({ script: leaseScript, words: [this.#folder, this.#number, 'free'], signal });
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

function busy(workspace: string, owner: Owner): ExecutorError {
  const who = `the run ${owner.run} (process ${owner.pid} on ${owner.host})`;
  return new ExecutorError('PLACE_BUSY', `${who} is at work in ${workspace} since ${owner.since}`, {
    hint: 'wait for its end, or end it; its lease runs out by itself when it is no more',
    facts: { ...owner },
  });
}

function readOwner(words: readonly string[]): Owner {
  const [run = '', host = '', boot = '', namespace = '', pid = '', start = '', since = ''] = words;
  return { run, host, boot, namespace, pid, start, since };
}

/** Only a process that could be seen from here can be seen to be gone. */
function isGone(owner: Owner, self: Omit<Owner, 'run' | 'since'>): boolean {
  const near = owner.host === self.host && owner.boot === self.boot && owner.namespace === self.namespace;
  return near && self.start !== '-' && startTime(owner.pid) !== owner.start;
}

function ownProcess(): Omit<Owner, 'run' | 'since'> {
  const pid = String(process.pid);
  return {
    host: hostname().replaceAll(/[^\w.-]/g, '_') || '-',
    boot: wordOf(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
    namespace: wordOf(() => readlinkSync('/proc/self/ns/pid')),
    pid,
    start: startTime(pid),
  };
}

/** Field 22 of proc_pid_stat(5); the name before it may hold anything. */
function startTime(pid: string): string {
  return wordOf(() => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
  });
}

function wordOf(read: () => string | undefined): string {
  try {
    return read()?.replaceAll(/\s/g, '_') || '-';
  } catch {
    return '-';
  }
}
