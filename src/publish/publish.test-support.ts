import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { type Built, push } from '../fixture/index.ts';
import { type Digest, type Index, parseManifest } from '../oci/index.ts';
import {
  createRegistryClient,
  type RegistryClient,
  type RunningRegistry,
  startRegistry,
  type WritableRepository,
} from '../registry/index.ts';
import type { PublishResult } from '../results/index.ts';
import { publish } from './publish.ts';
import type { NamedSource, PublishOptions } from './types.ts';

/** A folder and registries of its own for each test. */
export interface World {
  readonly directory: string;
  /** Another registry with each name, the same one with the same name. */
  registry(name?: string): Promise<RunningRegistry>;
  repository(host: string, path: string): WritableRepository;
  /** Pushes something and gives the reference of its tag. */
  pushed(built: Built | Promise<Built>, path: string, registry?: string): Promise<string>;
  publish(
    destination: string,
    sources: readonly (string | NamedSource)[],
    options?: Partial<PublishOptions>,
  ): Promise<PublishResult>;
  /** The index that a tag points to. */
  index(reference: string): Promise<{ readonly digest: Digest; readonly index: Index }>;
}

/** A clock that doesn't wait. */
export function fastClock() {
  let now = Date.now();
  return {
    now: () => now,
    sleep: (milliseconds: number, signal?: AbortSignal) => {
      now += milliseconds;
      return signal?.aborted ? Promise.reject(signal.reason as Error) : Promise.resolve();
    },
  };
}

/** To be called once at the top of a test file. */
export function testWorld(): World {
  let directory = '';
  let client: RegistryClient;
  const registries = new Map<string, RunningRegistry>();
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'armload-publish-'));
    client = createRegistryClient();
  });
  afterEach(async () => {
    await client.close();
    for (const running of registries.values()) await running.close();
    registries.clear();
    await rm(directory, { recursive: true, force: true });
  });
  const world: World = {
    get directory() {
      return directory;
    },
    async registry(name = 'one') {
      const running = registries.get(name) ?? (await startRegistry({ directory: join(directory, name) }));
      registries.set(name, running);
      return running;
    },
    repository: (registry, repository) => client.repository({ registry, repository }),
    async pushed(built, path, registry) {
      const { host } = await world.registry(registry);
      const [repository = '', tag = '1'] = path.split(':');
      await push(world.repository(host, repository), built, { tag });
      return `${host}/${repository}:${tag}`;
    },
    publish: (destination, sources, options = {}) =>
      publish({
        destination,
        sources: sources.map((source) => (typeof source === 'string' ? { reference: source } : source)),
        cwd: directory,
        environment: {},
        noCache: true,
        clock: fastClock(),
        ...options,
      }),
    async index(reference) {
      const [, host = '', path = '', tag = ''] = /^([^/]+)\/(.+):([^:]+)$/.exec(reference) ?? [];
      const { digest, bytes } = await world.repository(host, path).manifest(tag);
      return { digest, index: parseManifest(bytes) as Index };
    },
  };
  return world;
}

/** Everything that a tag needs is there: each manifest, and each blob with the size that the manifest says. */
export async function isWhole(repository: WritableRepository, target: string): Promise<boolean> {
  const { bytes } = await repository.manifest(target);
  const manifest = parseManifest(bytes);
  if (manifest.kind === 'index') {
    for (const { digest } of manifest.manifests) if (!(await isWhole(repository, digest))) return false;
    return true;
  }
  if (manifest.kind === 'schema1') return false;
  const blobs = [...(manifest.config === undefined ? [] : [manifest.config]), ...manifest.layers];
  for (const blob of blobs) if (!(await repository.hasBlob(blob))) return false;
  return true;
}

export function digestsOf(index: Index): readonly string[] {
  return index.manifests.map(({ digest }) => digest);
}
