import { join } from 'node:path';
import type { Fetch } from '../../fetch/index.ts';
import type { PackageSettings } from '../../options.ts';
import type { Origin, OriginContext, OriginPlan, PortImage, Refusal } from '../../origin-types.ts';
import { type Bases, basesOf } from '../shared/packages/bases.ts';
import { distributionOf } from '../shared/packages/distribution.ts';
import { readExtraKeyrings } from '../shared/packages/extra-keyrings.ts';
import { readOwners } from '../shared/packages/image-owners.ts';
import type { Manager } from '../shared/packages/manager.ts';
import { replayPackages } from '../shared/packages/replay-packages.ts';
import { Repository } from '../shared/packages/repository.ts';
import { type ApkDatabase, type ApkPackage, apkFiles, readApkDatabase } from './database.ts';
import { type FetchedApk, fetchApk } from './fetched.ts';
import type { ApkOffer } from './index-file.ts';
import { alpineArchitecture } from './names.ts';
import { planDatabase } from './plan-database.ts';
import { readRepositories } from './repositories.ts';
import { ApkOffers } from './repository-index.ts';
import { readKeys } from './signature.ts';

const nothing: OriginPlan = { paths: new Map(), added: [], refusals: [], materials: [], notes: [] };

/** What the origin works with besides its settings. */
export interface ApkParts {
  readonly fetch?: Fetch;
}

/** Alpine's packages as an origin: the target's package of the same version takes each one's place, without its scripts. */
export function apkOrigin(settings: PackageSettings = {}, parts: ApkParts = {}): Origin {
  return {
    name: 'apk',
    wanted: apkFiles,
    hashes: ['sha1'],
    plan: async (image, context) => {
      const reading = readApkDatabase(image.view);
      if (reading.kind === 'none') return nothing;
      if (reading.kind === 'unreadable') return { ...nothing, refusals: [unreadable(reading)] };
      const bases = basesOfImage(image);
      if (bases !== undefined && 'kind' in bases) return { ...nothing, refusals: [bases] };
      return replay({ image, context, settings, parts, database: reading.database, bases });
    },
  };
}

interface Work {
  readonly image: PortImage;
  readonly context: OriginContext;
  readonly settings: PackageSettings;
  readonly parts: ApkParts;
  readonly database: ApkDatabase;
  readonly bases: Bases<ApkDatabase> | undefined;
}

async function replay({ image, context, settings, parts, database, bases }: Work): Promise<OriginPlan> {
  const { signal, clock, cache, folder } = context;
  const { view } = image;
  const names = { source: alpineArchitecture(image.source), target: alpineArchitecture(image.target) };
  const keys = readKeys(view, names.target, await readExtraKeyrings(settings.keyrings ?? [], signal));
  const repository = new Repository({
    ...{ folder: join(cache, 'apk'), clock, signal, spool: context.sharing?.downloads },
    ...parts,
  });
  const known = { names, database, ...(bases === undefined ? {} : { bases }) };
  let offers: Promise<ApkOffers> | undefined;
  const offered = (): Promise<ApkOffers> => {
    offers ??= ApkOffers.read({
      ...{ repository, keys, architecture: names.target, allowUnsigned: settings.allowUnsigned ?? false },
      reading: readRepositories(view, settings.mirrors),
    });
    return offers;
  };
  const fetching = {
    repository,
    keys,
    folder,
    signal,
    owners: readOwners(view),
    distribution: distributionOf(image, 'alpine'),
  };
  const manager: Manager<ApkPackage, ApkOffer, FetchedApk> = {
    ...known,
    ecosystem: 'apk',
    recordPath: `${database.folder}/installed`,
    isChosen: (name) => database.world.has(name),
    find: async (wanted) =>
      wanted.length === 0
        ? { found: [], failed: [] }
        : (await offered()).find(wanted, settings.allowUpgrade ?? false),
    fetch: (offer) => fetchApk(offer, fetching),
    offersFor: async (need) => (await offered()).offersFor(need),
    planDatabase: (file, state) => planDatabase(file, state, database),
  };
  try {
    return await replayPackages(manager, image, context);
  } finally {
    await repository.close();
  }
}

function unreadable({ path, text }: { readonly path: string; readonly text: string }): Refusal {
  return {
    path,
    kind: 'package',
    undetermined: true,
    why: `which packages it has can't be told: ${text}`,
    lift: 'Repair the package database in the image.',
    waivable: false,
  };
}

function basesOfImage({ baseLayers, oldBase, newBase }: PortImage): Bases<ApkDatabase> | Refusal | undefined {
  if (baseLayers === 0) return undefined;
  const readings = { old: readApkDatabase(oldBase), now: readApkDatabase(newBase) };
  return basesOf(readings, 'the old base has packages of Alpine, and the new one has none');
}
