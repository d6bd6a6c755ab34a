import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { ExecutorSettings } from '../executors.ts';
import type { ExecOptions, Job, JobEnd, Place } from '../types.ts';
import type { Beginning } from './begin-job.test-support.ts';

/** A kind of place to try. */
export interface ContractSite {
  readonly address: string;
  readonly settings: ExecutorSettings;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly platform: string;
  /** A variable that its user has, and the value. */
  readonly variable: readonly [string, string];
  /** Is it known to be able to take a command's network? */
  readonly isolates: boolean;
  /** A folder of this machine for a test's files. */
  readonly folder: string;
  readonly randomTries: number;
}

/** Short waits, so that tests are quick. */
export const quick = { grace: 0.3, reconnect: 20, firstPause: 0.1, longestPause: 1 };

/** What a job is unless a test says more. */
export function jobOf(id: string, text: string, more: Partial<Job> = {}): Job {
  return {
    id,
    command: { kind: 'script', text },
    workdir: '',
    environment: {},
    pass: [],
    secrets: [],
    timeoutSeconds: 60,
    network: 'allowed',
    ...more,
  };
}

/** Runs a job, and gives its end and all that it printed. */
export async function outcome(place: Place, job: Job, options: ExecOptions = {}): Promise<Outcome> {
  const chunks: Uint8Array[] = [];
  const end = await place.exec(job, { ...options, onOutput: (chunk) => chunks.push(chunk) });
  const bytes = Buffer.concat(chunks);
  return { end, output: bytes.toString('utf8'), bytes };
}

/** An outcome of a job. */
export interface Outcome {
  readonly end: JobEnd;
  readonly output: string;
  readonly bytes: Buffer;
}

/** What the parts of the contract share. */
export interface Trial {
  readonly site: () => ContractSite;
  /** Held by all tests together. */
  readonly place: () => Place;
  /** Another one, of a run of its own unless told. */
  readonly acquire: (run?: string) => Promise<Place>;
  /** Runs a script as a new job. */
  readonly sh: (text: string, more?: Partial<Job>, options?: ExecOptions) => Promise<Outcome>;
  readonly nextId: () => string;
}

/** Another process that begins a job. */
export async function beginElsewhere(
  { address, settings, environment, platform, folder }: ContractSite,
  run: string,
  job: Job,
): Promise<{ readonly runner: ChildProcess; readonly printed: (text: string) => Promise<void> }> {
  const outfile = join(folder, 'begin-job.mjs');
  await build({
    entryPoints: [fileURLToPath(new URL('begin-job.test-support.ts', import.meta.url))],
    ...{ outfile, bundle: true, platform: 'node', format: 'esm', logLevel: 'silent' },
  });
  const beginning: Beginning = { address, settings, run, platform, job };
  const runner = spawn(process.execPath, [outfile], {
    env: { ...environment, BEGIN_JOB: JSON.stringify(beginning) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  const listeners = new Set<() => void>();
  for (const stream of [runner.stdout, runner.stderr])
    stream?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      for (const listener of listeners) listener();
    });
  const printed = (wanted: string) =>
    new Promise<void>((resolve, reject) => {
      const look = () => {
        if (text.includes(wanted)) resolve();
      };
      listeners.add(look);
      runner.once('exit', () => reject(new Error(`the runner ended: ${text}`)));
      look();
    });
  return { runner, printed };
}

/** As the kernel does it when memory is short. */
export async function kill(runner: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => runner.once('exit', resolve));
  runner.kill('SIGKILL');
  await ended;
}

/** A time to sleep by which a process is known again, among those of other tests that run at the same time too. */
export function mark(number: number): string {
  return `${40_000 + number}.${process.pid}`;
}

/** Prints how many processes sleep for one of these times. */
export function countSleeps(...marks: readonly string[]): string {
  // The first digit as a class, so that the search doesn't find itself.
  const patterns = marks.map((one) => `-e 'sleep [${one.slice(0, 1)}]${one.slice(1)}'`).join(' ');
  return `cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n' | paste -s -d ' ' | grep -o ${patterns} | wc -l | tr -d ' '`;
}
