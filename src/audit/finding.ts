import { compareText } from '../core/index.ts';
import type { ViewEntry } from '../layer/index.ts';
import { type Finding, type FindingLayer, severities } from '../results/index.ts';
import type { FindingText, Subject } from './types.ts';

/** A finding about a path, or about one inside the archive there, with the layer that gives it. */
export function findingAt(subject: Subject, text: FindingText, entry: ViewEntry, innerPath = ''): Finding {
  const path = `/${entry.path}${innerPath === '' ? '' : `!/${innerPath}`}`;
  return { ...text, path, layer: layerOf(subject, entry) };
}

function layerOf({ layers }: Subject, entry: ViewEntry): FindingLayer {
  // Of a hard link it's the layer with the content that explains what was found.
  const index = entry.contentLayer;
  const origin = layers[index];
  if (origin === undefined) throw new RangeError(`the image has no layer ${index}`);
  return {
    index,
    digest: origin.descriptor.digest,
    diffId: origin.diffId,
    ...(origin.createdBy === undefined ? {} : { history: origin.createdBy }),
  };
}

/** Worst first, then by kind and path. */
export function inOrder(findings: readonly Finding[]): Finding[] {
  return [...findings].sort(
    (left, right) =>
      severities.indexOf(left.severity) - severities.indexOf(right.severity) ||
      compareText(left.kind, right.kind) ||
      compareText(left.path ?? '', right.path ?? '') ||
      compareText(left.found, right.found),
  );
}
