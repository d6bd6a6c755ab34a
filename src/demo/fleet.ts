import {
  attestedMultiArch,
  type Built,
  buildImage,
  buildIndex,
  executable,
  file,
  helmChart,
  multiArch,
  platformOf,
  push,
  singleArch,
  userland,
  writeElf,
} from '../fixture/index.ts';
import type { WritableRepository } from '../registry/index.ts';

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
    ['billing', '3.0', singleArch('amd64')],
    ['gateway', '2.1', gateway()],
    ['mail', '2024.1', multiArch('amd64', 'windows/arm64')],
    ['search', '0.9', mislabelled()],
    ['runtime', '12', multiArch('amd64', 'arm64', 'arm/v7')],
    ['builder', '1.22', singleArch('arm64')],
    ['tools', '5.1', withForeignHelper()],
    ['charts/shop', '0.3.0', helmChart('shop', '0.3.0')],
  ];
  for (const [repository, tag, image] of images) await push(open(repository), image, { tag });
  return images.length;
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
