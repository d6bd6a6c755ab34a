import {
  attestedMultiArch,
  type Built,
  type BuiltImage,
  buildImage,
  buildIndex,
  directory,
  executable,
  file,
  helmChart,
  multiArch,
  platformOf,
  printAndExit,
  push,
  singleArch,
  userland,
  writeElf,
} from '../fixture/index.ts';
import type { WritableRepository } from '../registry/index.ts';
import type { TarMember } from '../tar/index.ts';

/** The host in the examples; its settings lead to the embedded registry. */
export const host = 'registry.shop.example';

/** Opens a repository of the demo's registry by its name. */
export type OpenRepository = (repository: string) => WritableRepository;

/**
 * The images of `examples/shop`, made here and now. Their layers aren't compressed, so that their digests are the same
 * on every machine: one of them stands in an example.
 */
export async function pushFleet(open: OpenRepository): Promise<number> {
  const images: readonly (readonly [string, string, Built | Promise<Built>])[] = [
    ['web', '1.4.2', attestedMultiArch('amd64', 'arm64')],
    ['cache', '7.2', multiArch('amd64', 'arm64')],
    ['billing', '3.0', billing()],
    ['gateway', '2.1', gateway()],
    ['mail', '2024.1', mail()],
    ['search', '0.9', mislabelled()],
    ['runtime', '12', runtime()],
    ['builder', '1.22', singleArch('arm64')],
    ['tools', '5.1', withForeignHelper()],
    ['charts/shop', '0.3.0', helmChart('shop', '0.3.0')],
  ];
  for (const [repository, tag, image] of images) await push(open(repository), image, { tag });
  return images.length;
}

/** The base that billing and mail are built on: a small Debian. */
async function runtime(): Promise<Built> {
  const machines = ['amd64', 'arm64', 'arm'] as const;
  const images = machines.map((machine) =>
    buildImage({
      platform: platformOf(machine === 'arm' ? 'arm/v7' : machine),
      layers: [userland(machine)],
      history: ['ADD rootfs.tar.xz / # buildkit'],
    }),
  );
  return buildIndex(await Promise.all(images));
}

/** Built for amd64 alone, though nothing in it is: scripts, settings, and a program of the base with another owner. */
function billing(): Promise<Built> {
  const env = userland('amd64').filter(({ name }) => name === 'usr/bin/env');
  return onRuntime({
    layers: [
      [
        executable('usr/bin/billing', '#!/bin/sh\nexec env billing "$@"\n'),
        directory('srv/'),
        file('srv/prices.csv', 'bread,2\nbutter,3\n'),
      ],
      env.map((member) => ({ ...member, uid: 1000, gid: 1000 })),
    ],
    entrypoint: '/usr/bin/billing',
    history: ['COPY billing /usr/bin/ # buildkit', 'RUN /bin/sh -c chown 1000:1000 /usr/bin/env # buildkit'],
  });
}

/** The path of mail's own program. */
export const mailProgram = '/usr/bin/maild';

/** Built for amd64, with a program of its own that only its maker has for arm64; and for arm64, but with Windows. */
async function mail(): Promise<Built> {
  const amd64 = await onRuntime({
    layers: [[executable(mailProgram.slice(1), mailProgramFor('amd64'))]],
    entrypoint: mailProgram,
    history: [
      'RUN /bin/sh -c curl -fsSLo /usr/bin/maild https://releases.example/maild_linux_amd64 # buildkit',
    ],
  });
  return buildIndex([amd64, await singleArch('windows/arm64')]);
}

/** What its maker releases for each machine. */
export function mailProgramFor(machine: 'amd64' | 'arm64'): Uint8Array {
  return writeElf({ machine, code: printAndExit(machine, 'maild 2024.1\n') });
}

/** An amd64 image above the runtime, which it names as its base. */
function onRuntime(app: {
  readonly layers: readonly (readonly TarMember[])[];
  readonly entrypoint: string;
  readonly history: readonly string[];
}): Promise<BuiltImage> {
  return buildImage({
    platform: platformOf('amd64'),
    layers: [userland('amd64'), ...app.layers],
    config: { Entrypoint: [app.entrypoint] },
    history: ['ADD rootfs.tar.xz / # buildkit', ...app.history],
    annotations: { 'org.opencontainers.image.base.name': `${host}/runtime:12` },
  });
}

/** The index whose amd64 image `examples/shop/kubernetes/billing.yaml` pins. */
async function gateway(): Promise<Built> {
  const images = ['amd64', 'arm64'].map((architecture) => singleArch(architecture, { compression: 'none' }));
  return buildIndex(await Promise.all(images));
}

/** The digest that pins it. */
export async function gatewayChildDigest(): Promise<string> {
  return (await singleArch('amd64', { compression: 'none' })).manifest.descriptor.digest;
}

/** One amd64 image listed for two platforms: what a release script gives that builds once and labels twice. */
async function mislabelled(): Promise<Built> {
  const amd64 = await singleArch('amd64');
  return buildIndex([amd64, { of: amd64, platform: platformOf('arm64') }]);
}

/** An arm64 image with one program for amd64: what a download with a fixed address gives. */
async function withForeignHelper(): Promise<Built> {
  const helper = executable('usr/bin/yq', writeElf({ machine: 'amd64' }));
  const entry = executable('usr/bin/entry.sh', '#!/bin/sh\nexec env "$@"\n');
  const arm64 = await buildImage({
    platform: platformOf('arm64'),
    layers: [userland('arm64'), [entry, file('etc/tools.conf', 'quiet\n')], [helper]],
    config: { Entrypoint: ['/usr/bin/entry.sh'] },
    history: [
      'ADD rootfs.tar.xz / # buildkit',
      'COPY entry.sh /usr/bin/ # buildkit',
      'RUN /bin/sh -c curl -fsSLo /usr/bin/yq https://releases.example/yq_linux_amd64 # buildkit',
    ],
  });
  return buildIndex([await singleArch('amd64'), arm64]);
}
