import { join } from 'node:path';
import {
  type Built,
  buildImage,
  buildIndex,
  type ImageSpec,
  type Machine,
  platformOf,
  userland,
} from '../fixture/index.ts';
import { createLayerReader, type MergedView, mergeLayers, readLayers } from '../layer/index.ts';
import { type ImageManifest, parseConfig, parseManifest } from '../oci/index.ts';
import { testWorld, type World } from '../publish/publish.test-support.ts';
import type { PortResult } from '../results/index.ts';
import type { TarMember } from '../tar/index.ts';
import { layerSources } from './engine/layer-sources.ts';
import type { PortOptions } from './options.ts';
import { port } from './port.ts';

/** One platform's image of a tag, read back from the registry. */
export interface Pulled {
  readonly digest: string;
  readonly manifest: ImageManifest;
  readonly config: ReturnType<typeof parseConfig>;
  /** The config as it is. */
  readonly document: {
    readonly architecture: string;
    readonly config: Readonly<Record<string, unknown>>;
    readonly history?: readonly { readonly comment?: string }[];
  };
  readonly view: MergedView;
}

export interface PortWorld extends World {
  /** Ports between tags of the test's registries, with a cache of the test's own. */
  port(reference: string, options?: Partial<PortOptions>): Promise<PortResult>;
  pull(reference: string, architecture?: string): Promise<Pulled>;
}

/** To be called once at the top of a test file. */
export function portWorld(): PortWorld {
  const world = testWorld();
  return {
    ...world,
    get directory() {
      return world.directory;
    },
    port: (reference, options = {}) =>
      port({
        reference,
        cacheDirectory: join(world.directory, 'cache'),
        workFolder: join(world.directory, 'work'),
        environment: {},
        ...options,
      }),
    async pull(reference, architecture = 'arm64') {
      const { index } = await world.index(reference);
      const entry = index.manifests.find(({ platform }) => platform?.architecture === architecture);
      if (entry === undefined) throw new Error(`${reference} has no ${architecture}`);
      const [host, rest] = splitHost(reference);
      const repository = world.repository(host, rest.replace(/:[^:]*$/, ''));
      const manifest = parseManifest((await repository.manifest(entry.digest)).bytes);
      if (manifest.kind !== 'image') throw new Error('that is no image');
      const chunks: Uint8Array[] = [];
      for await (const chunk of repository.blob(manifest.config)) chunks.push(Uint8Array.from(chunk));
      const bytes = Buffer.concat(chunks);
      const config = parseConfig(bytes);
      const reader = createLayerReader({ workerFile: 'none' });
      const view = mergeLayers(await readLayers(reader, layerSources(repository, manifest, config)));
      await reader.close();
      const document = JSON.parse(bytes.toString('utf8')) as Pulled['document'];
      return { digest: entry.digest, manifest, config, document, view };
    },
  };
}

function splitHost(reference: string): readonly [string, string] {
  const slash = reference.indexOf('/');
  return [reference.slice(0, slash), reference.slice(slash + 1)];
}

/** The files of a base for one machine. */
export type BaseFiles = (machine: Machine) => readonly TarMember[];

/** A Debian-like base for amd64 and arm64, in one index. */
export async function baseIndex(files: BaseFiles = userland): Promise<Built> {
  const image = (machine: Machine) =>
    buildImage({
      platform: platformOf(`linux/${machine}`),
      layers: [files(machine)],
      config: { Cmd: ['/usr/bin/sh'], Env: ['PATH=/usr/local/bin:/usr/bin:/bin'] },
      history: ['ADD rootfs.tar / # base'],
    });
  return buildIndex([await image('amd64'), await image('arm64')]);
}

/** An amd64 image of these layers above the base. */
export function appOn(
  layers: readonly (readonly TarMember[])[],
  spec: Partial<ImageSpec> & { readonly files?: BaseFiles } = {},
): Promise<Built> {
  const { files = userland, ...rest } = spec;
  return buildImage({
    platform: { os: 'linux', architecture: 'amd64' },
    layers: [files('amd64'), ...layers],
    history: ['ADD rootfs.tar / # base', ...layers.map((_, index) => `RUN step ${index} # buildkit`)],
    ...rest,
    config: {
      Cmd: ['/usr/bin/sh'],
      Env: ['PATH=/usr/local/bin:/usr/bin:/bin'],
      ...rest.config,
    },
  });
}
