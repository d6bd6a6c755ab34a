import { join } from 'node:path';
import { normalizePlatform, type Platform } from '../../../oci/index.ts';
import type { Fetch } from '../../fetch/index.ts';
import type { RpmSettings } from '../../options.ts';
import type { Origin, OriginContext, OriginPlan, PortImage, Refusal } from '../../origin-types.ts';
import { imageFile, imageFolder } from '../debian/image-text.ts';
import type { Keyring } from '../debian/trust/index.ts';
import { type Bases, basesOf } from '../shared/packages/bases.ts';
import { distributionOf } from '../shared/packages/distribution.ts';
import { readExtraKeyrings } from '../shared/packages/extra-keyrings.ts';
import { readOwners } from '../shared/packages/image-owners.ts';
import type { Manager } from '../shared/packages/manager.ts';
import { replayPackages } from '../shared/packages/replay-packages.ts';
import { Repository } from '../shared/packages/repository.ts';
import { respelledFiles } from '../shared/replay/unowned/special-files.ts';
import {
  databaseFiles,
  importedKeys,
  type RpmDatabase,
  type RpmPackage,
  type RpmReading,
  readRpmDatabase,
} from './database.ts';
import { type FetchedRpm, fetchRpm } from './fetched.ts';
import { newStates } from './installed-header.ts';
import { type RpmOffer, RpmOffers } from './offers.ts';
import { planDatabase } from './plan-database.ts';
import { readRepositories, repositoryFiles } from './repositories.ts';
import { fileStates } from './tags.ts';

const nothing: OriginPlan = { paths: new Map(), added: [], refusals: [], materials: [], notes: [] };

/** What the origin works with besides its settings. */
export interface RpmParts {
  readonly fetch?: Fetch;
}

/** RPM packages as an origin: the target's package of the same version takes each one's place, without its scripts. */
export function rpmOrigin(settings: RpmSettings = {}, parts: RpmParts = {}): Origin {
  return {
    name: 'rpm',
    wanted: [...new Set([...databaseFiles, ...repositoryFiles, ...respelledFiles])],
    hashes: ['md5', 'sha1'],
    plan: async (image, context) => {
      const reading = await readRpmDatabase(image.view, context.folder);
      if (reading.kind === 'none') return nothing;
      if (reading.kind !== 'read') return { ...nothing, refusals: unusable(reading, image) };
      const bases = await basesOfImage(image, context.folder);
      if (bases !== undefined && 'kind' in bases) return { ...nothing, refusals: [bases] };
      return replay({ image, context, settings, parts, database: reading.database, bases });
    },
  };
}

/** rpm's name of a platform's architecture. */
function rpmArchitecture(platform: Platform): string {
  const { architecture, variant } = normalizePlatform(platform);
  const names: Readonly<Record<string, string>> = {
    '386': 'i686',
    amd64: 'x86_64',
    arm64: 'aarch64',
    loong64: 'loongarch64',
  };
  if (architecture === 'arm') return variant === 'v7' ? 'armv7hl' : 'armv6hl';
  return names[architecture] ?? architecture;
}

interface Work {
  readonly image: PortImage;
  readonly context: OriginContext;
  readonly settings: RpmSettings;
  readonly parts: RpmParts;
  readonly database: RpmDatabase;
  readonly bases: Bases<RpmDatabase> | undefined;
}

async function replay({ image, context, settings, parts, database, bases }: Work): Promise<OriginPlan> {
  const { signal, clock, cache, folder } = context;
  const { view } = image;
  const names = { source: rpmArchitecture(image.source), target: rpmArchitecture(image.target) };
  const {
    mirrors = {},
    repositories: named = [],
    keyrings = [],
    allowUnsigned = false,
    allowUpgrade = false,
  } = settings;
  const repository = new Repository({
    ...{ folder: join(cache, 'rpm'), clock, signal, spool: context.sharing?.downloads },
    ...parts,
  });
  const reading = readRepositories(view, { architecture: names.target, mirrors, named });
  const offers = new RpmOffers({ repository, reading, ...names, allowUpgrade });
  const fetching = {
    ...{ repository, allowUnsigned, clock, folder, signal },
    keyrings: [
      ...imageKeys(image),
      ...importedKeys(database),
      ...(await readExtraKeyrings(keyrings, signal)),
    ],
    ...{ owners: readOwners(view), distribution: distributionOf(image, 'rpm') },
  };
  const manager: Manager<RpmPackage, RpmOffer, FetchedRpm> = {
    ...{ names, database, ...(bases === undefined ? {} : { bases }) },
    ...{ ecosystem: 'rpm', recordPath: database.path },
    isChosen: () => false,
    find: async (wanted) => (wanted.length === 0 ? { found: [], failed: [] } : offers.find(wanted)),
    fetch: (offer) => fetchRpm(offer, fetching),
    offersFor: (need) => offers.offersFor(need),
    leftOut: (replayed) => leftOut(replayed),
    planDatabase: (file, state) => planDatabase(file, state, { ...database, folder }),
  };
  try {
    return await replayPackages(manager, image, context);
  } finally {
    await repository.close();
  }
}

/** Files that rpm was told to leave out, such as documentation, and that it records so. */
function leftOut(
  replayed: readonly { readonly installed: RpmPackage; readonly stored: FetchedRpm }[],
): (path: string) => boolean {
  const paths = replayed.flatMap(({ installed, stored: { listed } }) => {
    const states = newStates(listed, installed.listed);
    return listed.flatMap(({ path }, at) => (states[at] === fileStates.notInstalled ? [path] : []));
  });
  const all = new Set(paths);
  return (path) => all.has(path);
}

/** Keys that the image has for its repositories. */
function imageKeys({ view }: PortImage): readonly Keyring[] {
  return imageFolder(view, 'etc/pki/rpm-gpg').flatMap(({ path }) => {
    const file = imageFile(view, path);
    return file.kind === 'read' ? [{ path: `/${path}`, bytes: file.bytes }] : [];
  });
}

function unusable(
  reading: Extract<RpmReading, { kind: 'unsupported' | 'unreadable' }>,
  { view, baseLayers }: PortImage,
): readonly Refusal[] {
  const { path } = reading;
  if (reading.kind === 'unreadable')
    return [
      {
        path,
        kind: 'package',
        undetermined: true,
        why: `which packages it has can't be told: ${reading.text}`,
        lift: 'Repair the package database in the image: rpm --rebuilddb.',
        waivable: false,
      },
    ];
  // The base's own comes from its sibling.
  if ((view.lookup(path)?.layer ?? 0) < baseLayers) return [];
  return [
    {
      path,
      kind: 'package',
      why: `RPM's database is in the form of ${reading.form}, which is not rewritten: it lists packages of the old architecture`,
      lift: `Build the image for the new architecture, or waive it with a reason: --waive /${path}=REASON.`,
      waivable: true,
    },
  ];
}

async function basesOfImage(
  { baseLayers, oldBase, newBase }: PortImage,
  folder: string,
): Promise<Bases<RpmDatabase> | Refusal | undefined> {
  if (baseLayers === 0) return undefined;
  const readings = {
    old: await readRpmDatabase(oldBase, folder),
    now: await readRpmDatabase(newBase, folder),
  };
  return basesOf(readings, "the packages of one of the bases are in a form that isn't read");
}
