import { compareText } from '../../core/index.ts';
import type { LayerEntry } from '../../layer/index.ts';

/** Extended attributes as one text, equal for equal attributes in any order. */
export function attributesText({ xattrs }: LayerEntry): string {
  return JSON.stringify(Object.entries(xattrs ?? {}).sort(([left], [right]) => compareText(left, right)));
}
