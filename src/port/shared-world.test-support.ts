import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { foreignCodeIn } from '../audit/index.ts';
import { type Built, push } from '../fixture/index.ts';
import {
  createLayerReader,
  type LayerReader,
  type MergedView,
  mergeLayers,
  readLayers,
} from '../layer/index.ts';
import { type Index, type Platform, parseConfig, parseManifest } from '../oci/index.ts';
import {
  createRegistryClient,
  type RegistryClient,
  type RunningRegistry,
  startRegistry,
  type WritableRepository,
} from '../registry/index.ts';
import type { PortResult } from '../results/index.ts';
import type { TarMember } from '../tar/index.ts';
import { layerSources } from './engine/layer-sources.ts';
import type { PortOptions } from './options.ts';
import { appOn, type BaseFiles, baseIndex, type Pulled } from './port.test-support.ts';
import { port } from './port.ts';

const arm64: Platform = { os: 'linux', architecture: 'arm64' };

/** Nothing but this machine can be reached: whoever asks for a package fails. */
const offline = {
  HTTP_PROXY: 'http://127.0.0.1:9',
  HTTPS_PROXY: 'http://127.0.0.1:9',
  NO_PROXY: '127.0.0.1,localhost',
};

export type AppSpec = Parameters<typeof appOn>[1];
export type Layers = readonly (readonly TarMember[])[];

export interface SharedPort {
  readonly result: PortResult;
  readonly to: string;
}

/** One registry, one folder and one cache for a whole test file. */
export interface SharedWorld {
  readonly directory: string;
  repository(path: string): WritableRepository;
  /** Pushes something under a name of its own, and gives its reference. */
  pushed(built: Built | Promise<Built>, repository?: string): Promise<string>;
  /** The reference of a base with these files; each is pushed once. */
  base(files?: BaseFiles): Promise<string>;
  /** Pushes an app of these layers and ports it, with the base named. */
  ported(layers: Layers, spec?: AppSpec, options?: Partial<PortOptions>): Promise<SharedPort>;
  port(reference: string, options?: Partial<PortOptions>): Promise<SharedPort>;
  pull(to: string, architecture?: string): Promise<Pulled>;
  index(to: string): Promise<Index>;
  isPublished(to: string): Promise<boolean>;
}

class OpenWorld implements SharedWorld {
  directory = '';
  #registry: RunningRegistry | undefined;
  #client: RegistryClient | undefined;
  #reader: LayerReader | undefined;
  #count = 0;
  readonly #bases = new Map<unknown, Promise<string>>();

  async open(): Promise<void> {
    this.directory = await mkdtemp(join(tmpdir(), 'armload-ports-'));
    this.#registry = await startRegistry({ directory: join(this.directory, 'registry') });
    this.#client = createRegistryClient();
    this.#reader = createLayerReader({ workerFile: 'none' });
  }

  async close(): Promise<void> {
    await this.#reader?.close();
    await this.#client?.close();
    await this.#registry?.close();
    await rm(this.directory, { recursive: true, force: true });
  }

  get #host(): string {
    return this.#registry?.host ?? '';
  }

  repository(path: string): WritableRepository {
    if (this.#client === undefined) throw new Error('the world is not open');
    return this.#client.repository({ registry: this.#host, repository: path });
  }

  async pushed(built: Built | Promise<Built>, repository = `app${this.#count++}`): Promise<string> {
    await push(this.repository(repository), built, { tag: '1' });
    return `${this.#host}/${repository}:1`;
  }

  base(files?: BaseFiles): Promise<string> {
    const known = this.#bases.get(files) ?? this.pushed(baseIndex(files), `base${this.#count++}`);
    this.#bases.set(files, known);
    return known;
  }

  async ported(layers: Layers, spec: AppSpec = {}, options: Partial<PortOptions> = {}): Promise<SharedPort> {
    const base = await this.base(spec.files);
    return this.port(await this.pushed(appOn(layers, spec)), { bases: [base], ...options });
  }

  async port(reference: string, options: Partial<PortOptions> = {}): Promise<SharedPort> {
    const to = `${this.#host}/ported${this.#count++}:1`;
    const result = await port({
      ...{ reference, to },
      cacheDirectory: join(this.directory, 'cache'),
      workFolder: join(this.directory, 'work'),
      environment: offline,
      attach: false,
      ...options,
    });
    return { result, to: options.to ?? to };
  }

  async pull(to: string, architecture = 'arm64'): Promise<Pulled> {
    const repository = this.#at(to);
    const { manifests } = await this.index(to);
    const entry = manifests.find(({ platform }) => platform?.architecture === architecture);
    if (entry === undefined) throw new Error(`${to} has no ${architecture}`);
    const manifest = parseManifest((await repository.manifest(entry.digest)).bytes);
    if (manifest.kind !== 'image') throw new Error('that is no image');
    const chunks: Uint8Array[] = [];
    for await (const chunk of repository.blob(manifest.config)) chunks.push(Uint8Array.from(chunk));
    const bytes = Buffer.concat(chunks);
    const config = parseConfig(bytes);
    if (this.#reader === undefined) throw new Error('the world is not open');
    const layers = await readLayers(this.#reader, layerSources(repository, manifest, config));
    const document = JSON.parse(bytes.toString('utf8')) as Pulled['document'];
    return { digest: entry.digest, manifest, config, document, view: mergeLayers(layers) };
  }

  #at(to: string): WritableRepository {
    return this.repository(to.slice(this.#host.length + 1, -':1'.length));
  }

  async index(to: string): Promise<Index> {
    const index = parseManifest((await this.#at(to).manifest('1')).bytes);
    if (index.kind !== 'index') throw new Error(`${to} is no index`);
    return index;
  }

  async isPublished(to: string): Promise<boolean> {
    const tags: string[] = [];
    try {
      for await (const tag of this.#at(to).tags()) tags.push(tag);
    } catch {
      return false;
    }
    return tags.length > 0;
  }
}

/** To be called once at the top of a test file. */
export function sharedPortWorld(): SharedWorld {
  const world = new OpenWorld();
  beforeAll(() => world.open());
  afterAll(() => world.close());
  return world;
}

/**
 * What must hold of every port, whatever the image: it's refused with reasons and nothing is published, or what is published
 * holds no machine code of the old architecture that its account doesn't speak of.
 */
export async function expectSound(
  world: SharedWorld,
  { result, to }: SharedPort,
): Promise<Pulled | undefined> {
  if (result.outcome === 'refused' || result.outcome === 'unknown') {
    // Publishing may refuse what stands beside the port.
    if (result.publish?.outcome !== 'refused') expect(result.refusals.length).toBeGreaterThan(0);
    for (const { why, lift } of result.refusals) expect([why, lift]).not.toContain('');
    expect(await world.isPublished(to)).toBe(false);
    return undefined;
  }
  expect(['published', 'unchanged']).toContain(result.outcome);
  expect(result.refusals).toEqual([]);
  const pulled = await world.pull(to);
  expect(unexplained(pulled.view, result)).toEqual([]);
  return pulled;
}

/** Entries of any layer, hidden ones too, whose machine code no record of the account names. */
export function unexplained(view: MergedView, { account, layers }: PortResult): readonly string[] {
  const base = layers.filter(({ kind }) => kind === 'base').length;
  const said = new Set(
    account
      .filter(
        ({ why, outcome }) =>
          outcome === 'replaced' || outcome === 'added' || /(?<!holds no )machine code|waived/.test(why),
      )
      .map(({ layer, path, to }) => `${layer + base} ${to ?? path}`),
  );
  return view.layers.flatMap(({ entries }, layer) =>
    entries
      .filter(({ facts }) => facts !== undefined && foreignCodeIn(facts, arm64).length > 0)
      .map(({ path }) => `${layer} ${path}`)
      .filter((name) => layer < base || !said.has(name)),
  );
}
