import { randomUUID } from 'node:crypto';
import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { type Clock, systemClock } from '../../core/index.ts';
import { RegistryError } from '../errors.ts';
import { errorCode } from './content.ts';

export interface FileLockOptions {
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
  /** How long to wait for another holder; 30 s unless told. */
  readonly timeoutMilliseconds?: number;
  /** Age at which a lock counts as left behind, if its process can't be asked; 60 s unless told. */
  readonly staleMilliseconds?: number;
}

/**
 * Runs `work` while holding the lock file, so that a read, a change and a rename of the file beside it are one step
 * for every process that locks. Rename alone is atomic but has no "only if unchanged", so two writers that both re-read,
 * merge and rename could still lose one change.
 *
 * A lock is stale when its process is gone (same host), or when it is older than any honest holder's work. `held` tells
 * whether the lock is still this holder's: to be asked right before committing, for the case that another process took
 * it for stale.
 * @throws RegistryError `timeout` where another process keeps it.
 */
export async function withFileLock<Value>(
  path: string,
  work: (held: () => Promise<boolean>) => Promise<Value>,
  options: FileLockOptions = {},
): Promise<Value> {
  const token = `${process.pid} ${hostname()} ${randomUUID()}`;
  await acquire(path, token, options);
  try {
    return await work(async () => (await readLock(path)) === token);
  } finally {
    if ((await readLock(path)) === token) await rm(path, { force: true });
  }
}

async function acquire(path: string, token: string, options: FileLockOptions): Promise<void> {
  const clock = options.clock ?? systemClock;
  const deadline = clock.now() + (options.timeoutMilliseconds ?? 30_000);
  for (let attempt = 0; ; attempt++) {
    options.signal?.throwIfAborted();
    if (await tryCreate(path, token)) return;
    await removeStale(path, clock.now(), options.staleMilliseconds ?? 60_000);
    if (clock.now() > deadline) throw lockedError(path, await readLock(path));
    await clock.sleep(Math.min(1 + attempt, 20) * (0.5 + Math.random()), options.signal);
  }
}

async function tryCreate(path: string, token: string): Promise<boolean> {
  try {
    await writeFile(path, token, { flag: 'wx' });
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

/**
 * Moves a stale lock aside before removing it, and looks at what was moved: of several processes that find it stale,
 * one moves the stale file, and whoever moves a fresh one by mistake puts it back.
 */
async function removeStale(path: string, now: number, staleMilliseconds: number): Promise<void> {
  const token = await readLock(path);
  if (token === undefined || !(await isStale(path, token, now - staleMilliseconds))) return;
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
    if ((await readLock(aside)) !== token) await rename(aside, path);
    else await rm(aside, { force: true });
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
}

async function isStale(path: string, token: string, oldest: number): Promise<boolean> {
  const [pid, host] = token.split(' ');
  if (host === hostname() && pid !== undefined && !isAlive(Number(pid))) return true;
  const modified = await stat(path).then(
    (facts) => facts.mtimeMs,
    () => Number.POSITIVE_INFINITY,
  );
  return modified < oldest;
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return true;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) !== 'ESRCH';
  }
}

/** `undefined` where there is no lock. A lock just created may still be empty. */
async function readLock(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function lockedError(path: string, token: string | undefined): RegistryError {
  const holder =
    token === undefined || token === '' ? 'another process' : `process ${token.split(' ', 2).join(' on ')}`;
  return new RegistryError(
    'timeout',
    `${path} is held by ${holder}`,
    {},
    { hint: 'If no other program writes there, remove the lock file.' },
  );
}
