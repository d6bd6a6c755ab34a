import type { Subject } from '../types.ts';
import { foreignBase, namedBase } from './base.ts';
import { contradiction } from './documents.ts';
import { evidenceOf } from './evidence.ts';
import { copiedPrograms, fixedDownloads, fixedSettings, targetDefault } from './history.ts';
import { sharedLayers } from './sharing.ts';
import type { Cause, CauseParts, CauseRule, ForeignLayer } from './types.ts';

export type { Sibling } from './types.ts';

/** Best known first: what is proved by equal bytes, then what lines say, then what only fits. */
const rules: readonly CauseRule[] = [
  sharedLayers,
  contradiction,
  namedBase,
  targetDefault,
  fixedSettings,
  fixedDownloads,
  copiedPrograms,
  foreignBase,
];
const maxCauses = 10;

/**
 * Likely reasons why an image is not what it says, best known first, each a sentence; none where nothing foreign is used
 * and the documents agree.
 */
export function likelyCauses(subject: Subject, parts: CauseParts): readonly string[] {
  const evidence = evidenceOf(subject, parts);
  const explained = new Set<ForeignLayer>();
  const causes: Cause[] = [];
  for (const rule of rules) {
    const found = rule(evidence, explained);
    causes.push(...found);
    for (const { layers } of found) for (const layer of layers) explained.add(layer);
  }
  return [...new Set(causes.map(({ text }) => text))].slice(0, maxCauses);
}
