import type { LayerEntry } from '../../layer/index.ts';
import type { NewContent } from '../plan-types.ts';
import { layOut } from './layout/lay-out.ts';
import type { Written } from './layout/types.ts';
import type { AssembleInput } from './types.ts';

/** An entry of a layer to be written, with where its content comes from. */
export interface WrittenEntry {
  readonly entry: LayerEntry;
  /** The source layer's entry that it has its content of. */
  readonly from?: number;
  /** New content. */
  readonly content?: NewContent;
}

/**
 * The entries of each layer above the base as they would be written, in order. Nothing is read.
 * @throws AssemblyError `ASSEMBLY_UNPLANNED` or `ASSEMBLY_REFUSED`.
 */
export function foreseeLayers(input: AssembleInput): readonly (readonly WrittenEntry[])[] {
  return layOut(input).layers.map(({ facts, emissions, tail }) => {
    const written: WrittenEntry[] = [];
    for (const [index, { before, what }] of emissions.entries()) {
      for (const parent of before) written.push({ entry: parent.entry });
      const entry = facts.entries[index];
      if (what === 'pass' && entry !== undefined) written.push({ entry, from: index });
      else if (typeof what === 'object') written.push(describe(what, index));
    }
    for (const item of tail) written.push(describe(item, undefined));
    return written;
  });
}

function describe({ entry, body }: Written, own: number | undefined): WrittenEntry {
  if (body === 'none') return { entry };
  if (body === 'own') return { entry, ...(own === undefined ? {} : { from: own }) };
  return 'slot' in body ? { entry, from: body.slot } : { entry, content: body };
}
