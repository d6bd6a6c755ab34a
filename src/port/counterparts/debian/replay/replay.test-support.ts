import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { file, writeElf } from '../../../../fixture/index.ts';
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
import { architectureWords } from '../../../config/architecture-words.ts';
import type { OriginPlan, PortImage } from '../../../origin-types.ts';
import { entryPath, type PathPlan } from '../../../plan-types.ts';
import type { Counterpart } from '../counterparts/index.ts';
import { type InstalledPackage, type PackageDatabase, readDatabase } from '../database/index.ts';
import { paragraph, writeDeb } from '../deb/deb.test-support.ts';
import { tarOf } from '../parts.test-support.ts';
import { createPackageStore, type StoredPackage } from '../store/index.ts';
import { planReplay, type ReplayInput, replayFiles } from './index.ts';
import { selectPackages } from './selection.ts';

export type Architecture = 'amd64' | 'arm64' | 'all';

/** A package as it is for one architecture. */
export interface PackageSpec {
  readonly name: string;
  /** `1.0-1` unless told. */
  readonly version?: string;
  readonly architecture: Architecture;
  readonly fields?: Readonly<Record<string, string>>;
  readonly files?: readonly TarMember[];
  /** From the root, without a slash. */
  readonly conffiles?: readonly string[];
  /** More files of the control tar. */
  readonly control?: Readonly<Record<string, string>>;
  /** Leaves `md5sums` out. */
  readonly withoutSums?: true;
}

/** A small program or library; `text` makes it another one. */
export function elf(machine: 'amd64' | 'arm64', text = '', soname?: string): Uint8Array {
  const code = writeElf({
    machine,
    kind: soname === undefined ? 'executable' : 'library',
    ...(soname === undefined ? {} : { soname }),
  });
  return Buffer.concat([code, Buffer.from(text)]);
}

export function md5(body: string | Uint8Array): string {
  return createHash('md5').update(body).digest('hex');
}

export function sha256(body: string | Uint8Array): string {
  return createHash('sha256').update(body).digest('hex');
}

const nameOf = ({ name }: TarMember): string =>
  String(name)
    .replace(/^\.?\//, '')
    .replace(/\/$/, '');
const isFile = ({ type = 'file' }: TarMember): boolean => type === 'file';

function controlFiles(spec: PackageSpec): Readonly<Record<string, string>> {
  const { files = [], conffiles = [], control = {} } = spec;
  const sums = files
    .filter((one) => isFile(one) && !conffiles.includes(nameOf(one)))
    .map((one) => `${md5(bodyOf(one))}  ${nameOf(one)}\n`);
  return {
    ...(spec.withoutSums ? {} : { md5sums: sums.join('') }),
    ...(conffiles.length === 0 ? {} : { conffiles: conffiles.map((path) => `/${path}\n`).join('') }),
    ...control,
  };
}

function bodyOf({ body }: TarMember): Uint8Array {
  return body instanceof Uint8Array ? body : new Uint8Array(0);
}

function fieldsOf({
  name,
  version = '1.0-1',
  architecture,
  fields = {},
}: PackageSpec): Record<string, string> {
  return { Package: name, Version: version, Architecture: architecture, ...fields };
}

/** Every file with the directories on the way to it, as packages have them. */
function withFolders(files: readonly TarMember[]): readonly TarMember[] {
  const named = new Set(files.map(nameOf));
  const folders = new Set(
    files.flatMap((one) => {
      const parts = nameOf(one).split('/').slice(0, -1);
      return parts.map((_part, at) => parts.slice(0, at + 1).join('/'));
    }),
  );
  const missing = [...folders].filter((path) => !named.has(path));
  return [...missing.map((name): TarMember => ({ name, type: 'directory' })), ...files];
}

export function debOf(spec: PackageSpec): Promise<Buffer> {
  const { files = [] } = spec;
  return writeDeb({
    fields: fieldsOf(spec),
    files: withFolders(files).map((one) => ({ ...one, name: `./${nameOf(one)}` })),
    control: controlFiles(spec),
  });
}

/** What dpkg writes where it installs these: their files, and its records. */
export function installed(specs: readonly PackageSpec[], more: InstallOptions = {}): readonly TarMember[] {
  const status = [...specs].map((spec) => `${paragraph(statusOf(spec, more))}\n`).join('');
  const members = new Map<string, TarMember>();
  for (const one of specs.flatMap((spec) => withFolders(spec.files ?? []))) members.set(nameOf(one), one);
  for (const one of specs.flatMap(infoOf)) members.set(nameOf(one), one);
  members.set('var/lib/dpkg/status', file('var/lib/dpkg/status', status));
  return [...members.values()];
}

export interface InstallOptions {
  /** `install ok installed` unless told. */
  readonly states?: Readonly<Record<string, string>>;
}

function statusOf(spec: PackageSpec, { states = {} }: InstallOptions): Record<string, string> {
  const { files = [], conffiles = [] } = spec;
  const { Package: name = '', ...fields } = fieldsOf(spec);
  const lines = conffiles.map((path) => {
    const own = files.find((one) => nameOf(one) === path);
    return `/${path} ${own === undefined ? '0'.repeat(32) : md5(bodyOf(own))}`;
  });
  return {
    Package: name,
    Status: states[name] ?? 'install ok installed',
    ...fields,
    ...(lines.length === 0 ? {} : { Conffiles: `\n${lines.join('\n')}` }),
  };
}

export function infoPath({ name, architecture, fields }: PackageSpec, kind: string): string {
  const own = fields?.['Multi-Arch'] === 'same' ? `${name}:${architecture}` : name;
  return `var/lib/dpkg/info/${own}.${kind}`;
}

function infoOf(spec: PackageSpec): readonly TarMember[] {
  const list = ['/.', ...withFolders(spec.files ?? []).map((one) => `/${nameOf(one)}`)];
  return [
    file(infoPath(spec, 'list'), `${list.join('\n')}\n`),
    ...Object.entries(controlFiles(spec)).map(([kind, text]) => file(infoPath(spec, kind), text)),
  ];
}

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

/** An image with packages, and the plan for it: real packages, unpacked by the real store. */
export async function sceneOf(spec: SceneSpec): Promise<Scene> {
  const { oldBase = [], newBase = [], layers } = spec;
  const [old, above, now] = [await readAll(oldBase), await readAll(layers), await readAll(newBase)];
  const words = architectureWords('amd64', 'arm64');
  const image: PortImage = {
    reference: 'example.com/app:1',
    source: { os: 'linux', architecture: 'amd64' },
    target: { os: 'linux', architecture: 'arm64' },
    view: mergeLayers([...old.facts, ...above.facts]),
    baseLayers: oldBase.length,
    oldBase: mergeLayers(old.facts),
    newBase: mergeLayers(now.facts),
    mapPath: (path) => words.respelled(path)[0] ?? path,
  };
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
  for (const [path, plan] of paths) {
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
  { paths, added }: Omit<OriginPlan, 'materials'>,
  { above, now, folder }: { readonly above: ReadLayers; readonly now: ReadLayers; readonly folder: string },
): Promise<MergedView> {
  const keep: PathPlan = { action: 'keep', why: 'neutral' };
  const layers = above.facts.map(({ entries }, index) => ({
    paths: new Map(
      entries.map((entry) => {
        const isVisible = image.view.lookup(entry.path)?.layer === image.baseLayers + index;
        const own = isVisible && entry.kind !== 'whiteout' ? paths.get(entry.path) : undefined;
        return [entryPath(entry), own ?? keep] as const;
      }),
    ),
    added: added.filter(({ layer }) => layer === index).map(({ layer: _layer, ...item }) => item),
  }));
  const work = mkdtempSync(join(folder, 'work-'));
  const result = await assemble(
    {
      source: image.view,
      layers: above.sources,
      base: image.newBase,
      baseLayers: now.sources,
      plan: { layers },
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
