import { createHash, randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { readFile, rename, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import * as z from 'zod';
import { RunError, systemCode } from '../errors.ts';
import { createWhole } from './write-file.ts';

const holderSchema = z.object({
  pid: z.int().min(1),
  host: z.string(),
  /** Of the machine's start, so that a process of before it isn't taken for one of now. */
  boot: z.string(),
  /** The process's start, in the kernel's ticks: a process that only has the same number has another. */
  start: z.string(),
  /** Of process numbers: in another one, the same number is another process. */
  namespace: z.string(),
  since: z.string(),
  token: z.string(),
});

/** Who is at work on a run. */
export type LockHolder = z.output<typeof holderSchema>;

export interface RunLock {
  /** Gives it up, if it's still this holder's. */
  release(): Promise<void>;
}

/** What stands in a lock that this process holds. */
export function lockText(now: number): string {
  return JSON.stringify(thisProcess(now));
}

/** A lock file that this process made with that text. */
export function heldLock(path: string, text: string): RunLock {
  return {
    release: async () => {
      if ((await readText(path)) === text) await rm(path, { force: true });
    },
  };
}

/**
 * Takes the lock, or one whose process is no more. There is no waiting: two that work on one run are a mistake.
 * @throws RunError `RUN_LOCKED`, with the holder as fact.
 */
export async function lockRun(path: string, now: number): Promise<RunLock> {
  const text = lockText(now);
  for (let tries = 0; !(await createWhole(path, text)); tries++) {
    const found = await readText(path);
    // Given up just now: it's free again.
    if (found === undefined && tries < 3) continue;
    await takeOver(path, found, text);
    break;
  }
  return heldLock(path, text);
}

const unknownHolder: LockHolder = {
  pid: 1,
  host: 'unknown',
  boot: '',
  start: '',
  namespace: '',
  since: '',
  token: '',
};

/** The live holder of a lock, if there is one. */
export async function lockHolder(path: string): Promise<LockHolder | undefined> {
  const text = await readText(path);
  if (text === undefined || isGone(text)) return undefined;
  return holderOf(text) ?? unknownHolder;
}

/**
 * Of all processes that find the same lock left behind, the one that makes the claim file named for it may replace it: who
 * comes late finds another lock there, and so no longer the one that the claim is for. A claim can be left behind too, and
 * is claimed in the same way.
 */
async function takeOver(path: string, found: string | undefined, text: string): Promise<void> {
  const claims: string[] = [];
  for (let stale = found; ; ) {
    if (stale === undefined || !isGone(stale)) throw locked(path, stale);
    const claim = `${path}.claim-${createHash('sha256').update(stale).digest('hex').slice(0, 16)}`;
    claims.unshift(claim);
    if (await createWhole(claim, text)) break;
    stale = await readText(claim);
  }
  try {
    await replace(path, found, text);
  } finally {
    for (const claim of claims) await rm(claim, { force: true });
  }
}

async function replace(path: string, found: string | undefined, text: string): Promise<void> {
  const current = await readText(path);
  if (current !== found) throw locked(path, current);
  const temporary = `${path}.${randomUUID()}`;
  await createWhole(temporary, text);
  await rename(temporary, path);
}

function locked(path: string, text: string | undefined): RunError {
  const holder = text === undefined ? undefined : holderOf(text);
  const who =
    holder === undefined
      ? 'another process'
      : `process ${holder.pid} on ${holder.host} since ${holder.since}`;
  return new RunError('RUN_LOCKED', `the run is held by ${who}`, {
    hint: `Wait for it. If there is no such process any more, remove ${path}.`,
    facts: {
      path,
      ...(holder === undefined ? {} : { pid: holder.pid, host: holder.host, since: holder.since }),
    },
  });
}

function thisProcess(now: number): LockHolder {
  return {
    pid: process.pid,
    host: hostname(),
    boot: bootId(),
    start: startOf(process.pid) ?? '',
    namespace: pidNamespace(),
    since: new Date(now).toISOString(),
    token: randomUUID(),
  };
}

/** Only what's certain: a process of another host may live, and so may one that a text we can't read stands for. */
function isGone(text: string): boolean {
  const holder = holderOf(text);
  if (holder === undefined || holder.host !== hostname()) return false;
  if (holder.boot !== bootId()) return true;
  if (holder.namespace !== pidNamespace()) return false;
  if (!isAlive(holder.pid)) return true;
  const start = startOf(holder.pid);
  return start !== undefined && holder.start !== '' && start !== holder.start;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) !== 'ESRCH';
  }
}

function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

function bootId(): string {
  return readSystem('/proc/sys/kernel/random/boot_id') ?? '';
}

/** Field 22 of proc(5)'s stat; the second, the name, may hold anything, so they're counted from its end. */
function startOf(pid: number): string | undefined {
  const stat = readSystem(`/proc/${pid}/stat`);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}

function readSystem(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return undefined;
  }
}

function holderOf(text: string): LockHolder | undefined {
  try {
    return holderSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
