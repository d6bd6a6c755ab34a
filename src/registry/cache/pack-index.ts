import { join } from 'node:path';
import { algorithmOf, type Digest, digestOf } from '../../oci/index.ts';
import { systemCode } from './atomic-file.ts';
import { adds } from './content.ts';
import { type Pack, type PackReader, packNames } from './pack-folder.ts';
import { entriesOf, maxEntryBytes, type Placed } from './pack-format.ts';

/** Where content stands on disk. */
export interface Location extends Placed {
  readonly pack: Pack;
}

/** Entries that are looked at; a cache within its bound has fewer. */
const maxEntries = 500_000;
const maxAttempts = 3;

/**
 * Where everything in the packs stands; of what is there twice, the newest. Packs that can't be read count as empty. Where
 * one vanishes between listing and opening, another process has just merged it, so the folder is looked at again.
 */
export function loadIndex(directory: string, reader: PackReader): Map<Digest, Location> {
  let loaded = loadOnce(directory, reader);
  for (let attempt = 1; loaded.vanished && attempt < maxAttempts; attempt++)
    loaded = loadOnce(directory, reader);
  return loaded.index;
}

function loadOnce(directory: string, reader: PackReader) {
  const index = new Map<Digest, Location>();
  let vanished = false;
  let left = maxEntries;
  for (const name of namesIn(directory)) {
    const pack: Pack = { path: join(directory, name) };
    try {
      for (const entry of entriesOf((...at) => reader.read(pack, ...at), reader.size(pack))) {
        if (left-- <= 0) return { index, vanished };
        if (adds(entry, index.get(entry.digest))) index.set(entry.digest, { ...entry, pack });
      }
    } catch (error) {
      vanished ||= systemCode(error) === 'ENOENT';
    }
  }
  return { index, vanished };
}

function namesIn(directory: string): readonly string[] {
  try {
    return packNames(directory);
  } catch {
    return [];
  }
}

/** The content of that size and digest, or undefined where the pack has something else there. Throws the system's error. */
export function readContent(reader: PackReader, at: Location): Uint8Array | undefined {
  if (at.size > maxEntryBytes) return undefined;
  const bytes = reader.read(at.pack, at.offset, at.size);
  return bytes.length === at.size && digestOf(bytes, algorithmOf(at.digest)) === at.digest
    ? bytes
    : undefined;
}
