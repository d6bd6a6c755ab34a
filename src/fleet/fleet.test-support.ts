import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Built,
  buildImage,
  buildIndex,
  file,
  type Machine,
  platformOf,
  push,
  userland,
} from '../fixture/index.ts';
import {
  archiveFiles,
  makeSigner,
  now,
  type OfferSpec,
  type RunningArchive,
  type Signer,
  serve,
} from '../port/counterparts/debian/archive/archive.test-support.ts';
import {
  debOf,
  elf,
  installed,
  type PackageSpec,
} from '../port/counterparts/debian/replay/packages.test-support.ts';
import {
  createRegistryClient,
  type RegistryClient,
  type RunningRegistry,
  startRegistry,
} from '../registry/index.ts';
import type { FleetResult } from '../results/index.ts';
import type { TarMember } from '../tar/index.ts';
import { portFleet } from './fleet.ts';
import type { FleetOptions } from './options.ts';

const folders = { amd64: 'usr/lib/x86_64-linux-gnu', arm64: 'usr/lib/aarch64-linux-gnu' } as const;
type Architecture = keyof typeof folders;

/** A package of one library. */
export function library(name: string, architecture: Architecture): PackageSpec {
  return {
    name,
    architecture,
    files: [file(`${folders[architecture]}/${name}.so.1`, elf(architecture, name.repeat(200)))],
  };
}

/** Registries for what there is and what is made, and an archive of packages. To be closed. */
export class FleetWorld {
  readonly directory: string;
  readonly from: RunningRegistry;
  readonly to: RunningRegistry;
  readonly archive: RunningArchive;
  readonly #signer: Signer;
  readonly #client: RegistryClient;

  private constructor(parts: {
    directory: string;
    from: RunningRegistry;
    to: RunningRegistry;
    archive: RunningArchive;
    signer: Signer;
  }) {
    this.directory = parts.directory;
    this.from = parts.from;
    this.to = parts.to;
    this.archive = parts.archive;
    this.#signer = parts.signer;
    this.#client = createRegistryClient();
  }

  /** With these packages for arm64 in its archive. */
  static async open(names: readonly string[]): Promise<FleetWorld> {
    const directory = await mkdtemp(join(tmpdir(), 'armload-fleet-test-'));
    const signer = await makeSigner({ created: new Date(now - 30 * 86_400_000) });
    const packages = await Promise.all(
      names.map(async (name): Promise<OfferSpec> => {
        const fields = { Package: name, Version: '1.0-1', Architecture: 'arm64' };
        return { fields, file: await debOf(library(name, 'arm64')) };
      }),
    );
    const [from, to, archive] = await Promise.all([
      startRegistry({ directory: join(directory, 'from') }),
      startRegistry({ directory: join(directory, 'to') }),
      serve(await archiveFiles({ packages, signer })),
    ]);
    return new FleetWorld({ directory, from, to, archive, signer });
  }

  async close(): Promise<void> {
    await this.#client.close();
    await Promise.all([this.from.close(), this.to.close(), this.archive.close()]);
    await rm(this.directory, { recursive: true, force: true });
  }

  repository(path: string, { host }: RunningRegistry = this.from) {
    return this.#client.repository({ registry: host, repository: path });
  }

  /** Gives its reference. */
  async pushed(name: string, built: Built | Promise<Built>, registry = this.from): Promise<string> {
    const [path = '', tag = '1'] = name.split(':');
    await push(this.repository(path, registry), built, { tag });
    return `${registry.host}/${path}:${tag}`;
  }

  /** A base of two layers for both machines. */
  async base(): Promise<string> {
    const image = (machine: Machine) =>
      buildImage({
        platform: platformOf(`linux/${machine}`),
        layers: baseLayers(machine),
        config: { Cmd: ['/usr/bin/sh'] },
      });
    return this.pushed('base:12', buildIndex([await image('amd64'), await image('arm64')]));
  }

  /** An amd64 image on that base. */
  image(layers: readonly (readonly TarMember[])[]): Promise<Built> {
    return buildImage({
      platform: platformOf('linux/amd64'),
      layers: [...baseLayers('amd64'), ...layers],
      config: {
        Cmd: ['/usr/bin/sh'],
        Labels: { 'org.opencontainers.image.base.name': `${this.from.host}/base:12` },
      },
    });
  }

  /** A layer with these packages, and where they're from: `origin` is that of this world's archive unless told. */
  packages(names: readonly string[], origin = this.archive.origin): readonly TarMember[] {
    return [
      ...installed(names.map((name) => library(name, 'amd64'))),
      file('etc/apt/sources.list', `deb ${origin}/debian stable main\n`),
      file('etc/apt/trusted.gpg.d/archive.gpg', this.#signer.publicBytes),
    ];
  }

  /** A list that a scan reads. */
  async list(references: readonly string[], name = 'fleet.images'): Promise<string> {
    const path = join(this.directory, name);
    await writeFile(path, references.map((reference) => `${reference}\n`).join(''));
    return path;
  }

  port(inputs: readonly string[], options: Partial<FleetOptions> = {}): Promise<FleetResult> {
    return portFleet({
      inputs,
      to: `${this.to.host}/ported`,
      cacheDirectory: join(this.directory, 'cache'),
      workFolder: join(this.directory, 'work'),
      stateFolder: join(this.directory, 'state'),
      cwd: this.directory,
      environment: {},
      attach: false,
      clock: { now: () => now, sleep: async () => undefined },
      ...options,
    });
  }

  /** How often each blob was sent. */
  blobsSent({ requests }: RunningRegistry = this.from): ReadonlyMap<string, number> {
    const sent = new Map<string, number>();
    for (const { method, path, status } of requests) {
      const digest = /\/blobs\/(sha256:[0-9a-f]{64})$/.exec(path)?.[1];
      if (method === 'GET' && status === 200 && digest !== undefined)
        sent.set(digest, (sent.get(digest) ?? 0) + 1);
    }
    return sent;
  }

  forgetRequests(): void {
    this.from.requests.length = 0;
    this.to.requests.length = 0;
    (this.archive.asked as string[]).length = 0;
  }
}

/** Debian's, but with no packages of its own: those of the layers above are all that there are. */
function baseLayers(machine: Machine): readonly (readonly TarMember[])[] {
  const files = userland(machine).filter(({ name }) => name !== 'var/lib/dpkg/status');
  return [files, [file('etc/motd', 'welcome\n')]];
}
