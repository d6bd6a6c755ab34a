import type { ArchiveReader } from '../archive/index.ts';
import { addressOf } from '../archive/index.ts';
import type { Counterpart } from '../counterparts/index.ts';
import type { InstalledPackage } from '../database/index.ts';
import { DebianError } from '../errors.ts';
import type { AptSource } from '../sources/index.ts';
import type { PackageStore, StoredPackage } from '../store/index.ts';

export interface OriginalsParts {
  readonly archive: Pick<ArchiveReader, 'offer'>;
  readonly store: PackageStore;
  readonly sources: readonly AptSource[];
  /** Debian's name of the old architecture. */
  readonly architecture: string;
  /** All that may be asked for: an index is read once. */
  readonly packages: readonly InstalledPackage[];
  readonly signal?: AbortSignal | undefined;
}

/** The packages just as they are installed, where a source still has them; nothing is asked before it's needed. */
export function originals(
  parts: OriginalsParts,
): (installed: InstalledPackage) => Promise<StoredPackage | undefined> {
  let offered: Promise<ReadonlyMap<string, Counterpart>> | undefined;
  const known = new Map<InstalledPackage, Promise<StoredPackage | undefined>>();
  const get = async (installed: InstalledPackage): Promise<StoredPackage | undefined> => {
    offered ??= offeredIn(parts);
    const found = (await offered).get(`${installed.name} ${installed.version}`);
    return found && unlessUnreadable(() => parts.store.get(found, callOf(parts)));
  };
  return (installed) => {
    const one = known.get(installed) ?? get(installed);
    known.set(installed, one);
    return one;
  };
}

async function offeredIn(parts: OriginalsParts): Promise<ReadonlyMap<string, Counterpart>> {
  const { archive, sources, architecture, packages, signal } = parts;
  const names = new Set(packages.map(({ name }) => name));
  const found = new Map<string, Counterpart>();
  for (const source of sources) {
    const offer = await unlessUnreadable(() => archive.offer(source, { architecture, names, signal }));
    for (const one of offer?.packages ?? []) {
      if (one.architecture !== architecture) continue;
      const { name, version, sha256, size } = one;
      const { signers, notes } = offer ?? { signers: [], notes: [] };
      const url = addressOf(source, one);
      found.set(`${name} ${version}`, {
        ...{ name, version, architecture, url, sha256, size, match: 'same', source, signers, notes },
      });
    }
  }
  return found;
}

function callOf({ signal }: OriginalsParts): { readonly signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}

/** What can't be had proves nothing: the question stays open. */
async function unlessUnreadable<T>(step: () => Promise<T>): Promise<T | undefined> {
  try {
    return await step();
  } catch (error) {
    if (error instanceof DebianError) return undefined;
    throw error;
  }
}
