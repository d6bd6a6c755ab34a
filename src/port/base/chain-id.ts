import { type Digest, digestOf } from '../../oci/index.ts';

/**
 * The chain-id of each prefix of these layers: of the first, the first two, … (image-spec config.md, "Layer ChainID").
 * It names layers applied on each other, however they are compressed.
 */
export function chainIds(diffIds: readonly Digest[]): readonly Digest[] {
  const chain: Digest[] = [];
  for (const diffId of diffIds) {
    const below = chain.at(-1);
    chain.push(below === undefined ? diffId : digestOf(Buffer.from(`${below} ${diffId}`)));
  }
  return chain;
}

/** How many of the lowest layers are the same. */
export function sharedLayers(left: readonly Digest[], right: readonly Digest[]): number {
  let count = 0;
  while (count < left.length && count < right.length && left[count] === right[count]) count += 1;
  return count;
}
