import { compareText } from '../core/index.ts';
import { comparePlaces } from './order.ts';
import type { Constraint, ImageResult, Problem, Readiness, ScanResult, Use, WorkloadResult } from './scan.ts';

type Blocker = { readonly reference: string; readonly readiness: Readiness };

/**
 * The same result in its one order, whatever order things were found in: images by reference, uses and problems by place,
 * workloads by file, line, name. Evidence and remedies keep their order, which has a meaning (best first).
 */
export function canonical(result: ScanResult): ScanResult {
  return {
    ...result,
    images: sorted(result.images.map(canonicalImage), compareImages),
    workloads: sorted(result.workloads.map(canonicalWorkload), compareWorkloads),
    problems: sorted(result.problems, compareProblems),
  };
}

function canonicalImage(image: ImageResult): ImageResult {
  return {
    ...image,
    written: sorted(image.written, compareText),
    uses: sorted(image.uses, compareUses),
    platforms: sorted(image.platforms, compareText),
  };
}

function canonicalWorkload(workload: WorkloadResult): WorkloadResult {
  return {
    ...workload,
    images: sorted(workload.images, compareText),
    blockers: sorted(workload.blockers, compareBlockers),
    constraints: sorted(workload.constraints, compareConstraints),
  };
}

function compareImages(left: ImageResult, right: ImageResult): number {
  return compareText(left.reference, right.reference) || compareWhole(left, right);
}

function compareUses(left: Use, right: Use): number {
  return (
    comparePlaces(left, right) ||
    compareText(left.workload ?? '', right.workload ?? '') ||
    compareText(left.container ?? '', right.container ?? '') ||
    compareText(left.source, right.source)
  );
}

function compareWorkloads(left: WorkloadResult, right: WorkloadResult): number {
  return comparePlaces(left, right) || compareText(left.name, right.name) || compareWhole(left, right);
}

function compareBlockers(left: Blocker, right: Blocker): number {
  return compareText(left.reference, right.reference) || compareWhole(left, right);
}

function compareConstraints(left: Constraint, right: Constraint): number {
  return comparePlaces(left, right) || compareText(left.text, right.text) || compareWhole(left, right);
}

function compareProblems(left: Problem, right: Problem): number {
  return comparePlaces(left, right) || compareText(left.message, right.message);
}

/** The last word between two that agree in all that orders them. */
function compareWhole(left: unknown, right: unknown): number {
  return compareText(JSON.stringify(left), JSON.stringify(right));
}

function sorted<Item>(items: readonly Item[], compare: (left: Item, right: Item) => number): Item[] {
  return [...items].sort(compare);
}
