import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createLayerReader,
  type LayerFacts,
  type LayerSource,
  type MergedView,
  mergeLayers,
  wantedFiles,
} from '../../../../layer/index.ts';
import { digestOf } from '../../../../oci/index.ts';
import type { TarMember } from '../../../../tar/index.ts';
import { assemble } from '../../../assembly/index.ts';
import { pathNames } from '../../../engine/map-path.ts';
import { joined, layerPlans, noPlans } from '../../../engine/plan.ts';
import type { OriginPlan, PortImage } from '../../../origin-types.ts';
import { entryPath } from '../../../plan-types.ts';
import type { Counterpart } from '../counterparts/index.ts';
import { type InstalledPackage, type PackageDatabase, readDatabase } from '../database/index.ts';
import { tarOf } from '../parts.test-support.ts';
import { createPackageStore, type StoredPackage } from '../store/index.ts';
import { planReplay, type ReplayInput, replayFiles } from './index.ts';
import { debOf, type PackageSpec, sha256 } from './packages.test-support.ts';
import { selectPackages } from './selection.ts';

export interface SceneSpec {
  /** Layers of the old base and of the new one. */
  readonly oldBase?: readonly (readonly TarMember[])[];
  readonly newBase?: readonly (readonly TarMember[])[];
  /** Layers above the base. */
  readonly layers: readonly (readonly TarMember[])[];
  /** What the archive has for the target. */
  readonly offered: readonly PackageSpec[];
  /** What it has for the source still. */
  readonly originals?: readonly PackageSpec[];
  readonly taken?: readonly string[];
  readonly gone?: readonly string[];
  readonly extra?: readonly string[];
}

export interface Scene {
  readonly image: PortImage;
  readonly plan: Omit<OriginPlan, 'materials'>;
  /** The new image, put together by the plan and read back. */
  ported(): Promise<MergedView>;
  portedDatabase(): Promise<PackageDatabase>;
  remove(): void;
}

interface ReadLayers {
  readonly sources: readonly LayerSource[];
  readonly facts: readonly LayerFacts[];
}

async function readAll(layers: readonly (readonly TarMember[])[]): Promise<ReadLayers> {
  const reader = createLayerReader({
    workerFile: 'none',
    wanted: [...wantedFiles, ...replayFiles],
    hashes: ['md5'],
  });
  const sources = await Promise.all(layers.map(sourceOf));
  const facts = await Promise.all(sources.map((source) => reader.read(source)));
  await reader.close();
  return { sources, facts };
}

async function sourceOf(members: readonly TarMember[]): Promise<LayerSource> {
  const bytes = await tarOf(...members);
  const mediaType = 'application/vnd.oci.image.layer.v1.tar';
  const blob = async function* (): AsyncGenerator<Uint8Array> {
    yield bytes;
  };
  return {
    repository: { name: 'example.com/app', blob },
    descriptor: { mediaType, digest: digestOf(bytes), size: bytes.length },
  };
}

interface ReadScene {
  readonly image: PortImage;
  readonly above: ReadLayers;
  readonly now: ReadLayers;
}

/** An image, read as a port reads it. */
export async function imageOf({
  oldBase = [],
  newBase = [],
  layers,
}: Pick<SceneSpec, 'oldBase' | 'newBase' | 'layers'>): Promise<ReadScene> {
  const [old, above, now] = [await readAll(oldBase), await readAll(layers), await readAll(newBase)];
  const [source, target] = [
    { os: 'linux', architecture: 'amd64' },
    { os: 'linux', architecture: 'arm64' },
  ];
  const newView = mergeLayers(now.facts);
  const image: PortImage = {
    reference: 'example.com/app:1',
    source,
    target,
    view: mergeLayers([...old.facts, ...above.facts]),
    baseLayers: oldBase.length,
    oldBase: mergeLayers(old.facts),
    newBase: newView,
    mapPath: pathNames(source, target, newView),
  };
  return { image, above, now };
}

/** An image with packages, and the plan for it: real packages, unpacked by the real store. */
export async function sceneOf(spec: SceneSpec): Promise<Scene> {
  const { image, above, now } = await imageOf(spec);
  const folder = mkdtempSync(join(tmpdir(), 'armload-replay-'));
  const plan = await planOf(image, spec, folder);
  checkPlan(image, plan, new Set(spec.taken));
  const ported = (): Promise<MergedView> => assembled(image, plan, { above, now, folder });
  return {
    image,
    plan,
    ported,
    portedDatabase: async () => databaseOf(await ported()),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

export function databaseOf(view: MergedView): PackageDatabase {
  const reading = readDatabase(view);
  if (reading.kind !== 'read') throw new TypeError('the image has no package database');
  return reading.database;
}

async function planOf(
  image: PortImage,
  spec: SceneSpec,
  folder: string,
): Promise<Omit<OriginPlan, 'materials'>> {
  const selecting = selectPackages(image, { source: 'amd64', target: 'arm64' });
  if (selecting.kind !== 'selected') throw new TypeError('no packages to select');
  const { database, bases, wanted } = selecting;
  const unpack = unpacker(folder);
  const stored = new Map<string, StoredPackage>();
  for (const one of spec.offered) stored.set(one.name, await unpack(one));
  const isGone = ({ name }: InstalledPackage): boolean => spec.gone?.includes(name) === true;
  const input: ReplayInput = {
    image,
    taken: new Set(spec.taken),
    database,
    ...(bases === undefined ? {} : { bases }),
    replayed: wanted.flatMap((one) => {
      const found = stored.get(one.name);
      return found === undefined ? [] : [{ installed: one, stored: found, match: 'same' as const }];
    }),
    refused: wanted.filter((one) => !stored.has(one.name) && !isGone(one)),
    gone: wanted.filter(isGone),
    extra: (spec.extra ?? []).flatMap((name) => stored.get(name) ?? []),
    originalOf: async ({ name }) => {
      const original = spec.originals?.find((one) => one.name === name);
      return original && unpack(original);
    },
  };
  return planReplay(input);
}

/** Unpacks packages through the store. */
export function unpacker(folder: string): (spec: PackageSpec) => Promise<StoredPackage> {
  const store = createPackageStore({
    archive: { download: async ({ url }) => url },
    folder: join(folder, 'store'),
    workerFile: 'none',
  });
  return async (spec) => {
    const bytes = await debOf(spec);
    const path = join(folder, `${sha256(bytes)}.deb`);
    writeFileSync(path, bytes);
    const { name, version = '1.0-1', architecture } = spec;
    const counterpart = { name, version, architecture, url: path, sha256: sha256(bytes), size: bytes.length };
    return store.get(counterpart as Counterpart);
  };
}

/** The promises that every plan keeps. @throws TypeError naming what is wrong. */
function checkPlan(
  { view, baseLayers }: PortImage,
  { paths, added }: Omit<OriginPlan, 'materials'>,
  taken: ReadonlySet<string>,
): void {
  const places = new Map<string, string>();
  const claim = (place: string, by: string): void => {
    const other = places.get(place);
    if (other !== undefined) throw new TypeError(`${by} and ${other} both come to ${place}`);
    places.set(place, by);
  };
  const above = view.layers.slice(baseLayers).flatMap(({ entries }) => entries);
  const markers = new Set(above.filter(({ kind }) => kind === 'whiteout').map(entryPath));
  for (const [path, plan] of paths) {
    if (markers.has(path)) continue;
    const there = view.lookup(path);
    if (there === undefined || there.layer < baseLayers) throw new TypeError(`${path} is not above the base`);
    if (taken.has(path)) throw new TypeError(`${path} is another's`);
    if (plan.why === '') throw new TypeError(`${path} has no reason`);
    if (plan.action !== 'drop') claim(('to' in plan ? plan.to : undefined) ?? path, path);
  }
  for (const { path, kind, layer } of added) {
    if (layer < 0 || layer >= view.layers.length - baseLayers) throw new TypeError(`${path} has no layer`);
    if (kind === 'whiteout') continue;
    claim(path, 'what is added');
    const there = view.lookup(path);
    const isFreed = there === undefined || there.layer < baseLayers || paths.has(path);
    if (!isFreed) throw new TypeError(`${path} is added, but the image has it`);
  }
}

async function assembled(
  image: PortImage,
  plan: Omit<OriginPlan, 'materials'>,
  { above, now, folder }: { readonly above: ReadLayers; readonly now: ReadLayers; readonly folder: string },
): Promise<MergedView> {
  const work = mkdtempSync(join(folder, 'work-'));
  const result = await assemble(
    {
      source: image.view,
      layers: above.sources,
      base: image.newBase,
      baseLayers: now.sources,
      plan: layerPlans(image, joined(noPlans, { ...plan, materials: [] })),
      mapPath: image.mapPath,
      created: 1_500_000_000,
    },
    { folder: work },
  );
  const reader = createLayerReader({
    workerFile: 'none',
    wanted: [...wantedFiles, ...replayFiles],
    hashes: ['md5'],
  });
  const facts = await Promise.all(
    result.layers.map(({ descriptor, blob }) =>
      reader.read({ repository: { name: 'example.com/new', blob }, descriptor }),
    ),
  );
  await reader.close();
  return mergeLayers([...now.facts, ...facts]);
}

export function textOf(view: MergedView, path: string): string {
  const there = view.lookup(path);
  const bytes = there && view.content(there);
  if (bytes === undefined) throw new TypeError(`the content of ${path} was not kept`);
  return Buffer.from(bytes).toString();
}
