import {
  attestedMultiArch,
  type Built,
  buildIndex,
  helmChart,
  multiArch,
  platformOf,
  push,
  singleArch,
} from '../fixture/index.ts';
import type { WritableRepository } from '../registry/index.ts';

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
