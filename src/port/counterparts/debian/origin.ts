import { join } from 'node:path';
import { foreignCodeIn } from '../../../audit/index.ts';
import { redact } from '../../../core/index.ts';
import { parseOsRelease, readOsRelease } from '../../base/os-release.ts';
import type { DebianSettings } from '../../options.ts';
import type { Material, Origin, OriginContext, OriginPlan, PortImage, Refusal } from '../../origin-types.ts';
import type { PathPlan } from '../../plan-types.ts';
import { type ArchiveReader, createArchiveReader } from './archive/index.ts';
import { type Counterpart, findCounterparts } from './counterparts/index.ts';
import type { InstalledPackage } from './database/index.ts';
import { readExtraKeyrings } from './replay/extra-keyrings.ts';
import { planReplay, type ReplayedPackage, replayFiles } from './replay/index.ts';
import { debianArchitecture } from './replay/names.ts';
import { originals } from './replay/originals.ts';
import { packageRefusal, storeRefusal } from './replay/package-refusal.ts';
import { type Selection, selectPackages, unlisted, withPackages } from './replay/selection.ts';
import type { DebianNames } from './replay/types.ts';
import {
  type AptSource,
  mirrorSources,
  readSources,
  type SourceProblem,
  snapshotSources,
} from './sources/index.ts';
import { createPackageStore, type PackageStore } from './store/index.ts';
import { readKeyrings } from './trust/index.ts';

const nothing: OriginPlan = { paths: new Map(), added: [], refusals: [], materials: [], notes: [] };

/** Debian's packages as an origin: the target's package of the same version takes each one's place, without its scripts. */
export function debianOrigin(settings: DebianSettings = {}): Origin {
  return {
    name: 'debian',
    wanted: replayFiles,
    hashes: ['md5'],
    plan: async (image, context) => {
      const names = {
        source: debianArchitecture(image.source),
        target: debianArchitecture(image.target),
      };
      const selecting = selectPackages(image, names);
      if (selecting.kind === 'none') return nothing;
      if (selecting.kind === 'refused') return { ...nothing, refusals: selecting.refusals };
      return withArchive({ image, context, settings, names, selection: selecting });
    },
  };
}

interface Work {
  readonly image: PortImage;
  readonly context: OriginContext;
  readonly settings: DebianSettings;
  readonly names: DebianNames;
  readonly selection: Selection;
}

interface Archives {
  readonly archive: ArchiveReader;
  readonly store: PackageStore;
  readonly sources: readonly AptSource[];
  readonly problems: readonly SourceProblem[];
  readonly fallbacks: readonly AptSource[];
}

async function withArchive(work: Work): Promise<OriginPlan> {
  const { image, context, settings, names } = work;
  const { sources: own, problems } = readSources(image.view, names.target);
  const archive = createArchiveReader({
    cache: join(context.cache, 'archives'),
    keyrings: readKeyrings(image.view),
    extraKeyrings: await readExtraKeyrings(settings.keyrings ?? [], context.signal),
    allowUnsigned: settings.allowUnsigned ?? false,
    clock: context.clock,
  });
  const store = createPackageStore({
    archive,
    folder: join(context.cache, 'packages'),
    clock: context.clock,
  });
  try {
    const fallbacks = snapshotSources(own, {
      ...(settings.snapshot === undefined ? {} : { template: settings.snapshot }),
      ...(image.createdAt === undefined ? {} : { time: image.createdAt }),
    });
    const sources = mirrorSources(own, settings.mirrors ?? {});
    return await planWith(work, { archive, store, sources, problems, fallbacks });
  } finally {
    await store.close();
    await archive.close();
  }
}

async function planWith(work: Work, archives: Archives): Promise<OriginPlan> {
  const { image, context, names, selection } = work;
  const { signal, onEvent } = context;
  const listed = selection.wanted.filter((one) => unlisted(one) === undefined);
  onEvent?.({ type: 'phase', phase: `looking for packages for ${names.target}` });
  const found = await findAll(work, archives, listed);
  const refusals = [...selection.wanted.flatMap((one) => unlisted(one) ?? []), ...found.refusals];
  const { replayed, materials, refusals: unusable } = await fetchAll(work, archives.store, found.pairs);
  const answered = new Set(replayed.map(({ installed }) => installed));
  const refused = selection.wanted.filter((one) => !answered.has(one));
  const plan = await planReplay({
    image,
    taken: context.taken,
    database: selection.database,
    ...(selection.bases === undefined ? {} : { bases: selection.bases }),
    replayed,
    refused,
    originalOf: originals({ ...archives, architecture: names.source, packages: selection.wanted, signal }),
    signal,
  });
  return {
    ...plan,
    paths: new Map([...refusedPaths(image, refused), ...plan.paths]),
    refusals: [...refusals, ...unusable, ...plan.refusals],
    materials,
  };
}

interface Found {
  readonly pairs: readonly { readonly installed: InstalledPackage; readonly counterpart: Counterpart }[];
  readonly refusals: readonly Refusal[];
}

async function findAll(
  { settings, names, context, selection }: Work,
  { archive, sources, problems, fallbacks }: Archives,
  wanted: readonly InstalledPackage[],
): Promise<Found> {
  if (wanted.length === 0) return { pairs: [], refusals: [] };
  const { results } = await findCounterparts({
    database: withPackages(selection.database, wanted),
    ...{ archive, sources, problems, fallbacks },
    target: names.target,
    allowUpgrade: settings.allowUpgrade ?? false,
    signal: context.signal,
  });
  return {
    pairs: results.flatMap((one) =>
      one.kind === 'found' ? [{ installed: one.package, counterpart: one.counterpart }] : [],
    ),
    refusals: results.flatMap((one) => (one.kind === 'found' ? [] : [packageRefusal(one)])),
  };
}

interface Fetched {
  readonly replayed: readonly ReplayedPackage[];
  readonly materials: readonly Material[];
  readonly refusals: readonly Refusal[];
}

/** The store bounds what is done at a time. */
async function fetchAll(work: Work, store: PackageStore, pairs: Found['pairs']): Promise<Fetched> {
  const { image, context, names } = work;
  const { signal, onEvent } = context;
  const replayed: ReplayedPackage[] = [];
  const materials: Material[] = [];
  const refusals: Refusal[] = [];
  const osId = osIdOf(image);
  let done = 0;
  onEvent?.({ type: 'phase', phase: `fetching packages for ${names.target}`, total: pairs.length });
  const all = pairs.map(async ({ installed, counterpart }) => {
    try {
      const stored = await store.get(counterpart, signal === undefined ? {} : { signal });
      return { installed, counterpart, stored };
    } catch (error) {
      signal?.throwIfAborted();
      return { refusal: storeRefusal(installed, error) };
    } finally {
      done += 1;
      onEvent?.({ type: 'progress', done, total: pairs.length });
    }
  });
  const settled = await Promise.allSettled(all);
  for (const one of settled) {
    if (one.status === 'rejected') throw one.reason;
    if ('refusal' in one.value) refusals.push(one.value.refusal);
    else {
      const { installed, counterpart, stored } = one.value;
      replayed.push({ installed, stored, match: counterpart.match });
      materials.push(materialOf(installed, counterpart, osId));
    }
  }
  return { replayed, materials, refusals };
}

/** os-release(5): `linux` where it doesn't say. */
function osIdOf(image: PortImage): string {
  const text = readOsRelease(image.view);
  const id = typeof text === 'string' ? parseOsRelease(text)['ID'] : undefined;
  return id !== undefined && /^[a-z0-9._-]+$/.test(id) ? id : 'debian';
}

function materialOf(installed: InstalledPackage, counterpart: Counterpart, osId: string): Material {
  const { name, version, architecture, url, sha256, size, signers, match } = counterpart;
  const notes = [
    ...(match === 'same'
      ? []
      : [`${match === 'upgrade' ? 'upgraded' : 'rebuilt'} from ${installed.version}`]),
    ...counterpart.notes,
  ];
  return {
    ...{ origin: 'debian', name, version, architecture, sha256, size },
    uri: redact(url),
    purl: `pkg:deb/${osId}/${encodeURIComponent(name)}@${encodeURIComponent(version)}?arch=${architecture}`,
    ...(signers.length === 0 ? {} : { signers }),
    ...(notes.length === 0 ? {} : { notes: notes.map((note) => redact(note)) }),
  };
}

/** A refused package is one refusal, not one for each of its programs: no port goes on while it stands. */
function refusedPaths(
  { view, baseLayers, target }: PortImage,
  refused: readonly InstalledPackage[],
): ReadonlyMap<string, PathPlan> {
  const paths = new Map<string, PathPlan>();
  for (const { name, files } of refused)
    for (const { path } of files ?? []) {
      const there = view.lookup(path);
      if (there === undefined || there.layer < baseLayers || there.entry.facts === undefined) continue;
      if (foreignCodeIn(there.entry.facts, target).length > 0)
        paths.set(path, { action: 'keep', why: `the package ${name} has no counterpart, which is refused` });
    }
  return paths;
}
