import { readdir, stat, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { maxEntryBytes } from './content-store.ts';
import type { CacheLayout } from './layout.ts';
import { retentionMs } from './tag-journal.ts';

/** Prunings are so far apart. */
const intervalMs = 24 * 60 * 60 * 1000;
/** What a killed process left in the temporary directory. */
const abandonedMs = 60 * 60 * 1000;
const statsAtATime = 32;

interface Entry {
  readonly path: string;
  readonly size: number;
  readonly usedAt: number;
}

/**
 * Brings the cache below its bound, the least recently used content first, at most once a day. The file that says when is
 * written first, so that of several processes one does the work.
 */
export async function pruneWhenDue(layout: CacheLayout, maxBytes: number, now: number): Promise<void> {
  const last = await stat(layout.pruned).catch(() => undefined);
  if (last && Math.abs(now - last.mtimeMs) < intervalMs) return;
  await writeFile(layout.pruned, `${new Date(now).toISOString()}\n`, { mode: 0o600 });
  await prune(layout, maxBytes, now);
}

/** The pruning itself. What another process removed meanwhile is no error. */
export async function prune(layout: CacheLayout, maxBytes: number, now: number): Promise<void> {
  await removeAll((await entriesOf(layout.temporary)).filter((entry) => now - entry.usedAt > abandonedMs));
  await removeAll((await entriesOf(layout.tags)).filter((entry) => now - entry.usedAt > retentionMs));
  const names = await Promise.all(layout.blobs.map(namesIn));
  // So few that their sizes need not be asked for.
  if (names.flat().length * maxEntryBytes <= maxBytes) return;
  const entries = (await Promise.all(layout.blobs.map(entriesOf))).flat();
  let total = entries.reduce((sum, entry) => sum + entry.size, 0);
  if (total <= maxBytes) return;
  const doomed: Entry[] = [];
  for (const entry of entries.sort((a, b) => a.usedAt - b.usedAt)) {
    if (total <= maxBytes * 0.9) break;
    total -= entry.size;
    doomed.push(entry);
  }
  await removeAll(doomed);
}

async function entriesOf(directory: string): Promise<readonly Entry[]> {
  const names = await namesIn(directory);
  const entries: Entry[] = [];
  for (let at = 0; at < names.length; at += statsAtATime) {
    const some = await Promise.all(
      names.slice(at, at + statsAtATime).map((name) => entryOf(join(directory, name))),
    );
    entries.push(...some.filter((entry) => entry !== undefined));
  }
  return entries;
}

async function entryOf(path: string): Promise<Entry | undefined> {
  const found = await stat(path).catch(() => undefined);
  return found?.isFile() ? { path, size: found.size, usedAt: found.mtimeMs } : undefined;
}

function namesIn(directory: string): Promise<readonly string[]> {
  return readdir(directory).catch(() => []);
}

async function removeAll(entries: readonly Entry[]): Promise<void> {
  for (const entry of entries) await unlink(entry.path).catch(() => undefined);
}
