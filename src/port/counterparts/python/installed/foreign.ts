import { foreignCodeIn } from '../../../../audit/index.ts';
import type { FileFacts } from '../../../../binary/index.ts';
import type { LayerEntry } from '../../../../layer/index.ts';
import type { PortImage } from '../../../origin-types.ts';

type Machines = Pick<PortImage, 'source' | 'target'>;

/** Machine code of the old architecture, for Linux: what a wheel has for other systems is the same in every wheel. */
export function isForeign(facts: FileFacts | undefined, { source, target }: Machines): boolean {
  if (facts === undefined) return false;
  return foreignCodeIn(facts, target).some(
    ({ os, architecture }) => os === 'linux' && architecture === source.architecture,
  );
}

export function holdsForeign(entry: LayerEntry, image: Machines): boolean {
  return entry.kind === 'file' && isForeign(entry.facts, image);
}
