import { compareText } from '../core/index.ts';
import type { ViewEntry } from '../layer/index.ts';
import { type Finding, type FindingLayer, severities } from '../results/index.ts';
import type { FindingText, Subject } from './types.ts';

/** A finding about a path, or about one inside the archive there, with the layer that gives it. */
export function findingAt(subject: Subject, text: FindingText, entry: ViewEntry, innerPath = ''): Finding {
  const path = `/${entry.path}${innerPath === '' ? '' : `!/${innerPath}`}`;
  // Of a hard link it's the layer with the content that explains what was found.
  return { ...text, path, layer: layerAt(subject, entry.contentLayer) };
}

/** @throws RangeError for a layer that the image doesn't have. */
export function layerAt({ layers }: Subject, index: number): FindingLayer {
  const origin = layers[index];
  if (origin === undefined) throw new RangeError(`the image has no layer ${index}`);
  const { descriptor, diffId, createdBy } = origin;
  return {
    index,
    digest: descriptor.digest,
    diffId,
    ...(createdBy === undefined ? {} : { history: createdBy }),
  };
}

/** Worst first, what is unknown before the rest of its severity, then by kind and path. */
export function inOrder(findings: readonly Finding[]): Finding[] {
  return [...findings].sort(
    (left, right) =>
      severities.indexOf(left.severity) - severities.indexOf(right.severity) ||
      Number(right.verdict === 'unknown') - Number(left.verdict === 'unknown') ||
      compareText(left.kind, right.kind) ||
      compareText(left.path ?? '', right.path ?? '') ||
      compareText(left.found, right.found),
  );
}
