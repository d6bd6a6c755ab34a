import {
  type FleetImage,
  type FleetLeft,
  type FleetOrigin,
  type FleetOutcome,
  type FleetResult,
  readinessStates,
} from '../../results/index.ts';
import { count, describeSize, plainText } from '../text.ts';
import { fleetOutcomeOf } from './outcome.ts';

/** In the order people should read them. */
export const fleetOutcomesInOrder: readonly FleetOutcome[] = [
  'refused',
  'failed',
  'unknown',
  'planned',
  'published',
  'unchanged',
  'unneeded',
];

const nouns: ReadonlyMap<string, string> = new Map([
  ['debian', 'package'],
  ['apk', 'package'],
  ['rpm', 'package'],
  ['node', 'package'],
  ['python', 'wheel'],
  ['ruby', 'gem'],
  ['java', 'file'],
  ['release', 'file'],
  ['go', 'source'],
]);

/** `debian: 12 packages, 34 MB; python: 3 wheels, 9 MB`; empty where nothing was taken. */
export function describeOrigins(origins: readonly FleetOrigin[]): string {
  return origins
    .map(({ origin, items, bytes }) => {
      const size = bytes === 0 ? '' : `, ${describeSize(bytes)}`;
      return `${plainText(origin)}: ${count(items, nouns.get(origin) ?? 'item')}${size}`;
    })
    .join('; ');
}

/** `docker.io/library/debian:12 (label)`, `none`, `unknown`; empty where nobody looked. */
export function describeFleetBase({ base }: FleetImage): string {
  if (base === undefined) return '';
  if (base.state !== 'found' || base.reference === undefined) return base.state;
  const [reference = ''] = plainText(base.reference).split('@');
  return base.evidence === undefined ? reference : `${reference} (${plainText(base.evidence)})`;
}

/** `12 ready, 1 unknown`. */
export function describeLeft(left: readonly FleetLeft[]): string {
  return readinessStates
    .map((state) => [left.filter(({ readiness }) => readiness.state === state).length, state] as const)
    .filter(([number]) => number > 0)
    .map(([number, state]) => `${number} ${state}`)
    .join(', ');
}

/** `12 images: 9 published, 2 unchanged, 1 refused · 5 left alone · debian: 31 packages, 40 MB · exit 1: …`. */
export function fleetTotalsOf(result: FleetResult): string {
  const { summary } = result;
  const { code, reason } = fleetOutcomeOf(result);
  const parts = fleetOutcomesInOrder
    .toReversed()
    .filter((outcome) => summary.outcomes[outcome] > 0)
    .map((outcome) => `${summary.outcomes[outcome]} ${outcome}`);
  return [
    `${count(summary.images, 'image')} to port${parts.length === 0 ? '' : `: ${parts.join(', ')}`}`,
    summary.resumed === 0 ? '' : `${summary.resumed} done by an earlier run`,
    summary.left === 0 ? '' : `${summary.left} left alone: ${describeLeft(result.left)}`,
    describeOrigins(summary.origins),
    summary.problems === 0 ? '' : count(summary.problems, 'problem'),
    `exit ${code}: ${reason}`,
  ]
    .filter((part) => part !== '')
    .join(' · ');
}

/** What the person does now, as a sentence. */
export function nextStepOfFleet(result: FleetResult): string {
  const { summary, dryRun, mapping, prefix } = result;
  const { refused, unknown, failed } = summary.outcomes;
  if (refused + unknown + failed > 0) {
    const what =
      refused > 0
        ? 'Lift what is refused as said above, and run it again'
        : 'Run it again when what could not be told can be';
    return dryRun ? `${what}.` : `${what}: what is done is left alone then.`;
  }
  if (dryRun && summary.images > 0)
    return prefix === undefined
      ? 'To publish them, run it again with --to PREFIX and without --dry-run.'
      : 'To publish them, run it again without --dry-run.';
  return mapping.length === 0
    ? ''
    : "Use the new references in the place of the old ones; --mapping FILE writes them as Kustomize's images.";
}
