import { readdirSync, statSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as letOthers } from 'node:timers/promises';
import type { Digest } from '../../oci/index.ts';
import { systemCode } from './atomic-file.ts';
import { adds } from './content.ts';
import type { CacheLayout } from './layout.ts';
import { growing, type Pack, PackReader, packNames, timeOf } from './pack-folder.ts';
import { entriesOf, type Placed } from './pack-format.ts';
import { readContent } from './pack-index.ts';
import { PackWriter } from './pack-writer.ts';
import { retentionMs } from './tag-journal.ts';

export interface Bounds {
  /** Of all packs together. */
  readonly maxBytes: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

interface StoredPack extends Pack {
  readonly name: string;
  readonly size: number;
  /** A process may append to it, so it must stay. */
  readonly live: boolean;
}

const maxPacks = 8;
/** What wasn't written to for so long is nobody's any more. */
const abandonedMs = 60 * 60 * 1000;

/** The size at which a pack is full: dropping one must not drop everything. */
export function packBytes(maxBytes: number): number {
  return maxBytes / maxPacks;
}

/** Removes the oldest packs until the rest is within the bound. Throws the system's error when the folder can't be read. */
export function dropOldest(layout: CacheLayout, { maxBytes, now }: Bounds): readonly StoredPack[] {
  const packs = storedPacks(layout.packs, now);
  let total = packs.reduce((sum, pack) => sum + pack.size, 0);
  return packs
    .reverse()
    .filter((pack) => {
      if (total <= maxBytes || pack.live) return true;
      total -= pack.size;
      remove(pack.path);
      return false;
    })
    .reverse();
}

/**
 * Brings the packs within their bound and, where there are many, merges the small ones. The merged pack is there under its
 * name before the old ones go, and nobody appends to a finished pack: processes that do this at once leave content twice at
 * worst. Rejects with the system's error when something can't be read or written; then no small pack has been removed.
 */
export async function compact(layout: CacheLayout, bounds: Bounds): Promise<void> {
  const packs = dropOldest(layout, bounds);
  if (packs.length <= maxPacks) return;
  removeOld(layout.temporary, bounds.now - abandonedMs);
  removeOld(layout.tags, bounds.now - retentionMs);
  const maxPackBytes = packBytes(bounds.maxBytes);
  // Merging what is half full already would copy the same bytes again and again.
  const small = packs.filter((pack) => !pack.live && pack.size < maxPackBytes / 2);
  const [newest] = small;
  if (!newest || small.length < 2) return;
  const writer = new PackWriter({
    directory: layout.temporary,
    finishedDirectory: layout.packs,
    maxPackBytes,
    time: () => timeOf(newest.name),
  });
  await merge(small, writer);
}

/** The newest first. */
function storedPacks(directory: string, now: number): StoredPack[] {
  return packNames(directory).flatMap((name) => {
    const path = join(directory, name);
    const found = statSync(path, { throwIfNoEntry: false });
    if (!found) return [];
    const live = name.endsWith(growing) && now - found.mtimeMs < abandonedMs;
    return { name, path, size: found.size, live };
  });
}

async function merge(packs: readonly StoredPack[], writer: PackWriter): Promise<void> {
  const reader = new PackReader();
  const seen = new Map<Digest, Placed>();
  try {
    for (const pack of packs) {
      copy(pack, { reader, writer, seen });
      await letOthers();
    }
    writer.close();
  } catch (error) {
    const unfinished = writer.abandon();
    if (unfinished !== undefined) remove(unfinished);
    throw error;
  } finally {
    reader.close();
  }
  for (const pack of packs) remove(pack.path);
}

interface Copying {
  readonly reader: PackReader;
  readonly writer: PackWriter;
  readonly seen: Map<Digest, Placed>;
}

/** Of what is there twice, the first that is right. */
function copy(pack: Pack, { reader, writer, seen }: Copying): void {
  try {
    for (const entry of entriesOf((...at) => reader.read(pack, ...at), reader.size(pack))) {
      if (!adds(entry, seen.get(entry.digest))) continue;
      const bytes = readContent(reader, { ...entry, pack });
      if (!bytes) continue;
      writer.add(entry.digest, { bytes, mediaType: entry.mediaType });
      seen.set(entry.digest, entry);
    }
  } catch (error) {
    // Another process has merged it already.
    if (systemCode(error) !== 'ENOENT') throw error;
  }
}

function removeOld(directory: string, before: number): void {
  for (const name of readdirSync(directory)) {
    const path = join(directory, name);
    const found = statSync(path, { throwIfNoEntry: false });
    if (found?.isFile() && found.mtimeMs < before) remove(path);
  }
}

function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Another process was quicker; or it is tried again when the next run closes.
  }
}
