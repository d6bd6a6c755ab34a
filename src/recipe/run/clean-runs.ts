import { randomUUID } from 'node:crypto';
import { readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, type EventSink, messageOf, systemClock } from '../../core/index.ts';
import type { Executor, PlaceRequest } from '../executors/types.ts';
import { RunError } from './errors.ts';
import { readJournal } from './journal/read-journal.ts';
import { type RunState, replay } from './journal/replay.ts';
import { folderSize } from './store/folder-size.ts';
import { findRun, type RunFolder, runIds } from './store/run-folder.ts';
import { lockRun } from './store/run-lock.ts';

export interface CleanOptions {
  readonly runs: string;
  /** One run; or all whose last record is older than so many milliseconds. */
  readonly which: { readonly run: string } | { readonly olderThan: number };
  /** Is the run's own folder kept, with journal, logs and outputs? Then only its place is cleared. */
  readonly keepOutputs?: boolean;
  /** What reaches a run's place, by its address; undefined for what this caller can't reach. */
  readonly executorOf: (address: string) => Executor | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock?: Clock;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: EventSink | undefined;
}

export interface CleanedRun {
  readonly run: string;
  /** Bytes that its folder had, or gave free. */
  readonly bytes: number;
  /** Of its workspaces: taken away now, not there any more, or left behind. */
  readonly place: 'discarded' | 'none' | 'left';
  /** Why it was left, or why nothing was done. */
  readonly why?: string;
}

export interface Cleaning {
  readonly cleaned: readonly CleanedRun[];
  /** Those that somebody is at work on, or that could not be taken away. */
  readonly skipped: readonly { readonly run: string; readonly why: string }[];
}

/** Takes runs away, and what they left in their places. Never one that's at work. @throws RunError `RUN_NOT_FOUND` */
export async function cleanRuns(options: CleanOptions): Promise<Cleaning> {
  const { runs, which, signal, clock = systemClock } = options;
  const ids = 'run' in which ? [(await findRun(runs, which.run)).id] : await runIds(runs);
  const cleaned: CleanedRun[] = [];
  const skipped: Cleaning['skipped'][number][] = [];
  for (const run of ids) {
    signal?.throwIfAborted();
    try {
      const folder = await findRun(runs, run);
      if ('olderThan' in which && clock.now() - (await lastOf(folder)) < which.olderThan) continue;
      cleaned.push(await cleanRun(folder, options));
    } catch (error) {
      signal?.throwIfAborted();
      skipped.push({ run, why: messageOf(error) });
    }
  }
  if (!('run' in which)) await removeLeftovers(runs, clock.now());
  return { cleaned, skipped };
}

/** Of a run whose journal can't be read: when its folder was changed. */
async function lastOf(folder: RunFolder): Promise<number> {
  return (await stateOf(folder))?.lastAt ?? (await stat(folder.path)).mtimeMs;
}

async function cleanRun(folder: RunFolder, options: CleanOptions): Promise<CleanedRun> {
  const { clock = systemClock, keepOutputs = false } = options;
  const lock = await lockRun(folder.lock, clock.now());
  try {
    const place = await clearPlaces(folder, options);
    const partial = join(folder.path, 'objects', 'partial');
    if (keepOutputs) {
      const bytes = await folderSize(partial);
      await rm(partial, { recursive: true, force: true });
      return { run: folder.id, bytes, ...place };
    }
    const bytes = await folderSize(folder.path);
    // Half a run must not look like one.
    const removed = join(options.runs, `.removed-${randomUUID()}`);
    await rename(folder.path, removed);
    await rm(removed, { recursive: true, force: true });
    return { run: folder.id, bytes, ...place };
  } finally {
    await lock.release();
  }
}

/** A run that went on elsewhere has more than one. */
async function clearPlaces(
  folder: RunFolder,
  options: CleanOptions,
): Promise<Pick<CleanedRun, 'place' | 'why'>> {
  const state = await stateOf(folder);
  if (state === undefined)
    return { place: 'left', why: 'its journal can not be read, which names the place' };
  const left: string[] = [];
  for (const address of state.workspaces) {
    const problem = await clearPlace(
      { run: folder.id, platform: state.run.platform },
      { ...options, address },
    );
    if (problem !== undefined) left.push(problem);
  }
  if (left.length > 0) return { place: 'left', why: left.join('; ') };
  return { place: state.workspaces.size === 0 ? 'none' : 'discarded' };
}

/** Why it could not be done. */
async function clearPlace(
  request: PlaceRequest,
  { address, executorOf, environment, signal, onEvent }: CleanOptions & { readonly address: string },
): Promise<string | undefined> {
  const executor = executorOf(address);
  if (executor === undefined) return `${address} can not be reached from here`;
  try {
    const place = await executor.acquire(request, { environment, signal, onEvent });
    await place.release({ discard: true, signal });
    return undefined;
  } catch (error) {
    signal?.throwIfAborted();
    return messageOf(error);
  }
}

async function stateOf(folder: RunFolder): Promise<RunState | undefined> {
  try {
    return replay((await readJournal(folder.journal)).entries);
  } catch (error) {
    if (error instanceof RunError) return undefined;
    throw error;
  }
}

const leftoverAge = 24 * 3600 * 1000;

/** What a kill left of a run that was being made or taken away. */
async function removeLeftovers(runs: string, now: number): Promise<void> {
  const names = await readdir(runs).catch((): string[] => []);
  for (const name of names.filter((each) => /^\.(?:incoming|removed)-/.test(each))) {
    const path = join(runs, name);
    const { mtimeMs } = await stat(path);
    if (now - mtimeMs > leftoverAge) await rm(path, { recursive: true, force: true });
  }
}
