import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { platformAuditors } from '../audit/index.ts';
import type { Clock } from '../core/index.ts';
import {
  type Built,
  buildImage,
  buildIndex,
  executable,
  type Machine,
  platformOf,
  push,
  userland,
  writeElf,
} from '../fixture/index.ts';
import { defaultPlatform } from '../oci/index.ts';
import {
  type AccessOptions,
  createRegistryClient,
  openAccess,
  type RegistryOptions,
  startRegistry,
} from '../registry/index.ts';
import type { Observation } from '../results/index.ts';
import { look } from './look.ts';
import type { LookOptions } from './types.ts';

/** Time that passes as fast as it is waited for. */
export function fastClock(start = Date.UTC(2026, 0, 1)): Clock & { pass(milliseconds: number): void } {
  let now = start;
  return {
    now: () => now,
    sleep: (milliseconds) => {
      now += milliseconds;
      return Promise.resolve();
    },
    pass: (milliseconds) => {
      now += milliseconds;
    },
  };
}

/** An image whose programs are for a machine, whatever its label says. */
export function imageFor(platform: string, machine: Machine, mark = ''): Promise<Built> {
  return buildImage({
    platform: platformOf(platform),
    layers: [
      userland(machine),
      [executable('server', writeElf({ machine })), executable(`mark${mark}`, mark)],
    ],
    config: { Entrypoint: ['/server'] },
  });
}

/** An index for both platforms; `arm64` is what the programs of its arm64 image are really for. */
export async function bothPlatforms(arm64: Machine = 'arm64', mark = ''): Promise<Built> {
  return buildIndex([
    await imageFor('linux/amd64', 'amd64', mark),
    await imageFor('linux/arm64', arm64, mark),
  ]);
}

/** The embedded registry with a client that pushes. */
export async function startWorld(options: Partial<RegistryOptions> = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'armload-observe-'));
  const registry = await startRegistry({ directory: join(folder, 'registry'), ...options });
  const client = createRegistryClient();
  return {
    folder,
    registry,
    host: registry.host,
    push: async (name: string, built: Built): Promise<void> => {
      const [, repository = '', tag = ''] = /^(.+):([^:]+)$/.exec(name) ?? [];
      await push(client.repository({ registry: registry.host, repository }), built, { tag });
    },
    /** `GET app/manifests/1`, in order; what it cost since the last time. */
    takeRequests: (): string[] =>
      registry.requests
        .splice(0)
        .filter(({ path }) => path !== '/v2/')
        .map(
          ({ method, path }) =>
            `${method} ${path.replace(/^\/v2\//, '').replace(/sha256:[0-9a-f]+/, 'DIGEST')}`,
        ),
    close: async () => {
      await client.close();
      await registry.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export type World = Awaited<ReturnType<typeof startWorld>>;

export interface LookOnce extends Partial<Omit<LookOptions, 'audit'>> {
  readonly bytes?: boolean;
  readonly accessOptions?: AccessOptions;
}

/** One look with an access of its own, so that nothing of an earlier look is known. */
export async function lookOnce(reference: string, given: LookOnce = {}): Promise<Observation> {
  const { bytes = false, accessOptions, ...options } = given;
  const clock = given.clock ?? fastClock();
  const access = await openAccess({ environment: {}, noCache: true, clock, ...accessOptions });
  const audit = bytes ? platformAuditors({ environment: {}, noCache: true }) : undefined;
  try {
    return await look(reference, {
      access,
      platform: defaultPlatform,
      clock,
      ...(audit && { audit }),
      ...options,
    });
  } finally {
    await audit?.close();
    await access.close();
  }
}
