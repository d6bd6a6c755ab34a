import type { FoundWorkload, Inventory } from '../inventory/index.ts';
import { formatPlatform, type Platform } from '../oci/index.ts';
import type { Judgement } from '../readiness/index.ts';
import {
  type Constraint,
  canonical,
  type ImageResult,
  type ReadinessState,
  readinessStates,
  type ScanResult,
  scanSchemaVersion,
  type Use,
  type WorkloadResult,
} from '../results/index.ts';
import type { ImageGroup } from './group.ts';

export interface JudgedGroup {
  readonly group: ImageGroup;
  readonly judgement: Judgement;
}

/** Joins inventory and judgements into the one document that every report shows. */
export function assemble(
  inventory: Inventory,
  judged: readonly JudgedGroup[],
  platform: Platform,
): ScanResult {
  const images = mergeImages(judged);
  const workloads = workloadResults(inventory.workloads, images, platform);
  return canonical({
    schemaVersion: scanSchemaVersion,
    platform: formatPlatform(platform),
    summary: {
      images: images.length,
      uses: inventory.uses.length,
      workloads: workloads.length,
      readyWorkloads: workloads.filter((workload) => workload.ready).length,
      states: countStates(images),
      problems: inventory.problems.length,
    },
    images,
    workloads,
    problems: [...inventory.problems],
  });
}

/** Two pull secrets that bring the same answer are one image; two answers stay two, each with its own uses. */
function mergeImages(judged: readonly JudgedGroup[]): ImageResult[] {
  const merged = new Map<string, ImageResult & { uses: Use[]; written: string[] }>();
  for (const { group, judgement } of judged) {
    const key = [
      group.name,
      group.reference === undefined ? '?' : '',
      judgement.readiness.state,
      judgement.readiness.reason,
      judgement.digest,
    ].join('\n');
    const uses = group.uses.map((found) => found.use);
    const present = merged.get(key);
    if (present === undefined) {
      const { target: _, ...said } = judgement;
      merged.set(key, { reference: group.name, written: [...group.written], ...said, uses });
    } else {
      present.uses = present.uses.concat(uses);
      present.written = [...new Set([...present.written, ...group.written])];
    }
  }
  return [...merged.values()];
}

function workloadResults(
  workloads: readonly FoundWorkload[],
  images: readonly ImageResult[],
  platform: Platform,
): WorkloadResult[] {
  const used = new Map<string, Map<ImageResult, boolean>>();
  for (const image of images) {
    for (const use of image.uses) {
      if (use.workload === undefined) continue;
      const key = workloadKey(use.file, use.workload);
      const ofWorkload = used.get(key) ?? new Map<ImageResult, boolean>();
      ofWorkload.set(image, (ofWorkload.get(image) ?? true) && use.guess === true);
      used.set(key, ofWorkload);
    }
  }
  return workloads.map((workload) =>
    workloadResult(workload, used.get(workloadKey(workload.file, workload.name)) ?? new Map(), platform),
  );
}

function workloadResult(
  workload: FoundWorkload,
  images: ReadonlyMap<ImageResult, boolean>,
  platform: Platform,
): WorkloadResult {
  const blockers = [...images]
    .filter(([image, onlyGuessed]) => blocks(image, onlyGuessed))
    .map(([image]) => ({ reference: image.reference, readiness: image.readiness }));
  const { name, source, file, line } = workload;
  return {
    name,
    source,
    ...(file === undefined ? {} : { file }),
    ...(line === undefined ? {} : { line }),
    ready: blockers.length === 0,
    images: [...new Set([...images.keys()].map((image) => image.reference))],
    blockers,
    constraints: workload.constraints.map((constraint) => ({
      ...constraint,
      blocks: keepsOff(constraint, platform),
    })),
  };
}

/** A guessed image that turns out to be none was a wrong guess, not a blocker. */
function blocks(image: ImageResult, onlyGuessed: boolean): boolean {
  const { state } = image.readiness;
  return state !== 'ready' && !(state === 'not-an-image' && onlyGuessed);
}

function keepsOff(constraint: Omit<Constraint, 'blocks'>, platform: Platform): boolean {
  return constraint.required && !constraint.architectures.includes(platform.architecture);
}

function workloadKey(file: string | undefined, name: string): string {
  return `${file ?? ''}\n${name}`;
}

function countStates(images: readonly ImageResult[]): Record<ReadinessState, number> {
  const counts = Object.fromEntries(readinessStates.map((state) => [state, 0])) as Record<
    ReadinessState,
    number
  >;
  for (const image of images) counts[image.readiness.state] += 1;
  return counts;
}
