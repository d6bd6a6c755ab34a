import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { messageOf, UsageError } from '../../core/index.ts';
import type { LayerReader } from '../../layer/index.ts';
import { defaultPlatform, formatPlatform, type Platform, samePlatform } from '../../oci/index.ts';
import { checkSignSettings, parseDestination } from '../../publish/index.ts';
import {
  formatLocation,
  type ImageAccess,
  type Location,
  openAccess,
  parseLocation,
} from '../../registry/index.ts';
import { originsFor } from '../counterparts/origins.ts';
import type { PortOptions } from '../options.ts';
import type { Origin } from '../origin-types.ts';
import { checkBaseNames } from './bases.ts';
import { cacheOf, readerFor } from './reader.ts';
import { Waivers } from './waivers.ts';

/** What a port works with from beginning to end. To be closed. */
export interface Workshop {
  readonly options: PortOptions;
  readonly location: Location;
  /** Canonical. */
  readonly reference: string;
  readonly destination: Location | undefined;
  readonly from: Platform;
  readonly target: Platform;
  readonly waivers: Waivers;
  readonly origins: readonly Origin[];
  readonly access: ImageAccess;
  readonly reader: LayerReader;
  /** Of this port alone: goes when it's closed. */
  readonly folder: string;
  /** Kept from run to run, unless nothing is to be. */
  readonly cache: string;
  close(): Promise<void>;
}

const amd64: Platform = { os: 'linux', architecture: 'amd64' };

/** @throws UsageError or InvalidReferenceError for options that can't be used, before anything is fetched. */
export async function openWorkshop(options: PortOptions): Promise<Workshop> {
  const location = parseLocation(options.reference);
  const { platform: target = defaultPlatform, from = amd64 } = options;
  checkPlatforms(from, target);
  checkBaseNames(options.bases);
  if (options.noBase === true && (options.bases ?? []).length > 0)
    throw new UsageError('USAGE', 'a base was named, and none is to be taken: only one of both can be meant');
  const destination = options.to === undefined ? undefined : parseDestination(options.to);
  if (destination === undefined && options.dryRun !== true)
    throw new UsageError('USAGE', 'a port needs a destination', {
      hint: 'Say where to publish it with --to registry.example/app:tag, or look first with --dry-run.',
    });
  const waivers = new Waivers(options.waivers);
  if (options.sign !== undefined) await checkSignSettings(options.sign, options.environment ?? process.env);
  const origins = originsFor(options);
  const folder = await makeFolder(options);
  try {
    const { access, reader, cache, close } = options.shared ?? (await ownParts(options, { origins, folder }));
    return {
      ...{ options, location, destination, from, target, waivers, origins, access, reader, folder, cache },
      reference: formatLocation(location),
      close: async () => {
        // What is shared is closed by whoever shares it.
        if (options.shared === undefined) await close();
        await rm(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

function checkPlatforms(from: Platform, target: Platform): void {
  const name = formatPlatform(target);
  if (target.os !== 'linux' || from.os !== 'linux')
    throw new UsageError('USAGE', `armload ports Linux images, not from ${formatPlatform(from)} to ${name}`);
  if (samePlatform(from, target) || from.architecture === target.architecture)
    throw new UsageError('USAGE', `${name} is what the image is for already: there is nothing to port`);
}

async function makeFolder({ workFolder, cwd = process.cwd() }: PortOptions): Promise<string> {
  const parent = workFolder === undefined ? tmpdir() : resolve(cwd, workFolder);
  try {
    if (workFolder !== undefined) await mkdir(parent, { recursive: true });
    return await mkdtemp(join(parent, 'armload-port-'));
  } catch (error) {
    throw new UsageError('CONFIG', `there is no place to work in: ${messageOf(error)}`, {
      hint: 'Name a folder with room for the image with --work-folder.',
      cause: error,
    });
  }
}

async function ownParts(
  options: PortOptions,
  { origins, folder }: Pick<Workshop, 'origins' | 'folder'>,
): Promise<Pick<Workshop, 'access' | 'reader' | 'cache' | 'close'>> {
  const access = await openAccess(options);
  const cache = cacheOf(options, folder);
  const reader = readerFor(options, { origins, cache });
  return {
    ...{ access, reader, cache },
    close: async () => {
      await reader.close();
      await access.close();
    },
  };
}
