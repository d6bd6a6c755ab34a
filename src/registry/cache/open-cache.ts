import { randomBytes } from 'node:crypto';
import { unlink, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { type Clock, type EventSink, systemClock, UsageError } from '../../core/index.ts';
import { makeFolders } from '../make-folders.ts';
import { systemCode } from './atomic-file.ts';
import { type CacheLayout, layoutOf } from './layout.ts';
import { RegistryCache } from './registry-cache.ts';

const defaultMaxBytes = 256 * 1024 * 1024;

export interface CacheOptions {
  /** Must it be written? Then a directory that can't be is an error; else a warning, and memory is used. */
  readonly required?: boolean;
  /** Bound of the content on disk; 256 MiB unless told. */
  readonly maxBytes?: number;
  readonly clock?: Clock;
  readonly emit?: EventSink;
}

/** `$XDG_CACHE_HOME/armload`, or `~/.cache/armload` (XDG Base Directory Specification: relative paths are ignored). */
export function defaultCacheDirectory(
  environment: Readonly<Record<string, string | undefined>> = process.env,
  home: string = homedir(),
): string {
  const base = environment['XDG_CACHE_HOME'];
  return join(base && isAbsolute(base) ? base : join(home, '.cache'), 'armload');
}

/** A cache of this run only, which leaves nothing behind. */
export function memoryCache(options: Pick<CacheOptions, 'clock' | 'emit'> = {}): RegistryCache {
  return new RegistryCache({ maxBytes: 0, clock: options.clock ?? systemClock, emit: options.emit });
}

/** @throws UsageError `CACHE_UNWRITABLE` with `required`, naming the directory and the reason. */
export async function openCache(directory: string, options: CacheOptions = {}): Promise<RegistryCache> {
  const layout = layoutOf(directory);
  try {
    await prepare(layout);
  } catch (error) {
    const problem = `the cache directory ${directory} can't be written (${systemCode(error)})`;
    if (options.required) {
      throw new UsageError('CACHE_UNWRITABLE', problem, {
        hint: 'Name another directory, or make this one writable.',
        cause: error,
        facts: { directory },
      });
    }
    options.emit?.({ type: 'warning', message: `${problem}; going on without it` });
    return memoryCache(options);
  }
  return new RegistryCache({
    layout,
    maxBytes: options.maxBytes ?? defaultMaxBytes,
    clock: options.clock ?? systemClock,
    emit: options.emit,
  });
}

/** The directories, and a file that shows that they can be written. */
async function prepare(layout: CacheLayout): Promise<void> {
  for (const directory of [layout.packs, layout.tags, layout.temporary]) await makeFolders(directory, 0o700);
  const trial = join(layout.temporary, randomBytes(9).toString('hex'));
  await writeFile(trial, '', { flag: 'wx', mode: 0o600 });
  await unlink(trial);
}
