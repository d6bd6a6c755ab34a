import { formatPlatform, type Platform } from '../../oci/index.ts';
import { runsNatively } from '../native.ts';
import { nameOf } from './evidence.ts';
import type { Cause, Evidence, ForeignLayer, Sibling } from './types.ts';

const pinned =
  'likely the base is pinned by a digest that names the image of one platform, or its stage has a constant --platform (or $BUILDPLATFORM)';
const builtOnce =
  'likely it was made once, in a stage for the build machine (FROM --platform=$BUILDPLATFORM), and used for every platform';

/** Layers with foreign code that another entry of the index has too, where that code is at home. */
export function sharedLayers({ subject, siblings, layers }: Evidence): readonly Cause[] {
  const [best] = siblings
    .map((sibling) => ({ sibling, shared: layers.filter((layer) => isHomeOf(sibling, layer)) }))
    .filter(({ shared }) => shared.length > 0)
    .sort((left, right) => right.shared.length - left.shared.length);
  if (best === undefined) return [];
  const { sibling, shared } = best;
  const own = subject.layers.map(({ descriptor }) => descriptor.digest);
  const equal = own.findIndex((digest, index) => sibling.layers[index] !== digest);
  const lowest = equal < 0 ? own.length : equal;
  const isIdentical = lowest === own.length && lowest === sibling.layers.length;
  const platforms = { own: subject.platform, other: sibling.platform };
  if (isIdentical) return [identical(platforms, shared)];
  const base = shared.filter(({ index, isCopied }) => index < lowest && !isCopied);
  const others = shared.filter((layer) => !base.includes(layer));
  return [
    ...(base.length === 0 ? [] : [sharedBase(platforms.other, base, lowest)]),
    ...others.map((layer) => ({
      text: `${nameOf(layer)} is also that of ${formatPlatform(platforms.other)}: ${builtOnce}`,
      layers: [layer],
    })),
  ];
}

function isHomeOf({ platform, layers }: Sibling, { origin, code }: ForeignLayer): boolean {
  return layers.includes(origin.descriptor.digest) && code.some((part) => runsNatively(part, platform));
}

function sharedBase(other: Platform, base: readonly ForeignLayer[], lowest: number): Cause {
  const [first] = base;
  const layers = lowest === 1 ? 'lowest layer is that' : `${lowest} lowest layers are those`;
  const where = first === undefined ? '' : `; see ${nameOf(first)}`;
  return { text: `its ${layers} of ${formatPlatform(other)}: ${pinned}${where}`, layers: base };
}

function identical(
  { own, other }: { readonly own: Platform; readonly other: Platform },
  shared: readonly ForeignLayer[],
): Cause {
  const why = shared.every(({ isCopied }) => isCopied)
    ? builtOnce
    : `${pinned}, or one image was put under both entries`;
  return {
    text: `${formatPlatform(own)} and ${formatPlatform(other)} have identical layers: ${why}`,
    layers: shared,
  };
}
