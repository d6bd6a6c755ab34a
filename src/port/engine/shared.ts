import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { openAccess } from '../../registry/index.ts';
import { originsFor } from '../counterparts/origins.ts';
import { Spool, Turns } from '../fetch/index.ts';
import type { PortOptions } from '../options.ts';
import type { PortShared } from '../shared-types.ts';
import { cacheOf, readerFor } from './reader.ts';
import { sharedAccess } from './shared-access.ts';

export interface PortSharedOptions extends Omit<PortOptions, 'reference' | 'to' | 'shared'> {
  /** For what is fetched once for all: of these ports alone, and empty. It's to be removed afterwards. */
  readonly folder: string;
  /** Bytes of layers, and of downloads, that stay there for the others; 4 GiB each unless told. */
  readonly maxBytes?: number;
}

/**
 * Opens what ports of the same options have in common; they may then run side by side. To be closed.
 * @throws UsageError for settings that can't be used.
 */
export async function openPortShared(options: PortSharedOptions): Promise<PortShared> {
  const { folder, maxBytes } = options;
  const bound = maxBytes === undefined ? {} : { maxBytes };
  const turns = new Turns();
  const layers = new Spool({ folder: join(folder, 'layers'), ...bound });
  const downloads = new Spool({ folder: join(folder, 'downloads'), ...bound });
  const access = await openAccess(options);
  const cache = cacheOf(options, folder);
  const origins = originsFor({ ...options, reference: '' });
  // Even where nothing is kept from run to run, the ports of this one read a layer once.
  const reader = readerFor({ ...options, noCache: false }, { origins, cache });
  return {
    access: sharedAccess(access, { layers, turns, ...bound }),
    ...{ reader, cache, downloads, turns },
    close: async () => {
      await reader.close();
      await access.close();
      for (const name of ['layers', 'downloads', 'cache'])
        await rm(join(folder, name), { recursive: true, force: true });
    },
  };
}
