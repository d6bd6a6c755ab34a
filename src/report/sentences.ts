import type { ImageResult, Readiness, Remedy, ScanResult, Use, WorkloadResult } from '../results/index.ts';
import { statesInOrder } from './groups.ts';
import { type FailOn, hasBlockingConstraint, outcomeOf } from './outcome.ts';
import { count, plainText } from './text.ts';

/** `shop/web.yaml:12`, `stdin:12`, `command line`. */
export function describePlace(place: {
  readonly file?: string | undefined;
  readonly line?: number | undefined;
}): string {
  if (place.file === undefined) return 'command line';
  const file = place.file === '-' ? 'stdin' : plainText(place.file);
  return place.line === undefined ? file : `${file}:${place.line}`;
}

/** `shop/web.yaml:12 (Deployment shop/web, container app)`. */
export function describeUse(use: Use): string {
  const parts = [
    use.workload === undefined ? '' : plainText(use.workload),
    use.container === undefined ? '' : `container ${plainText(use.container)}`,
    use.guess ? 'a guess' : '',
  ].filter((part) => part !== '');
  return parts.length === 0 ? describePlace(use) : `${describePlace(use)} (${parts.join(', ')})`;
}

/** `missing`, `unknown (rate-limited)`. */
export function describeReadiness({ state, reason }: Readiness): string {
  return reason === undefined ? state : `${state} (${reason})`;
}

/** What a remedy asks for, without its reason: `use docker.io/library/app:1.2.4`; empty where the reason says it. */
export function describeRemedy(remedy: Remedy): string {
  if (remedy.reference !== undefined) {
    return `use ${plainText(remedy.reference)} (${describeCheck(remedy)})`;
  }
  if (remedy.command !== undefined) return `run: ${plainText(remedy.command)}`;
  return actions[remedy.kind];
}

/** `checked`, `not checked; by a person, not the project itself`. */
export function describeCheck({ verified, trust }: Remedy): string {
  const checked = verified ? 'checked' : 'not checked';
  return trust === undefined ? checked : `${checked}; ${trusted[trust] ?? `trust: ${plainText(trust)}`}`;
}

const trusted: Readonly<Record<string, string>> = {
  vendor: 'by its vendor',
  maintainer: 'by one of its maintainers',
  community: 'by a community, not the project itself',
  personal: 'by a person, not the project itself',
};

const actions: Readonly<Record<Remedy['kind'], string>> = {
  'use-index-digest': 'pin the index instead',
  'use-tag': 'use another tag',
  'use-image': 'use another image',
  build: 'build it',
  port: 'port it',
  authenticate: 'log in to the registry',
  retry: 'try again',
  'remove-constraint': 'remove the constraint',
  audit: 'audit it',
  other: '',
};

/** The first evidence, or that there is none. */
export function firstEvidence(image: ImageResult): string {
  const text = image.evidence[0]?.text;
  return text === undefined ? 'no evidence was recorded' : plainText(text);
}

/** Not ready, or kept off the platform by its own text. */
export function needsAttention(workload: WorkloadResult): boolean {
  return !workload.ready || hasBlockingConstraint(workload);
}

/** `12 images: 8 ready, 2 missing, 1 pinned, 1 unknown · 5 of 9 workloads ready · exit 1: something is not ready`. */
export function totalsOf(result: ScanResult, failOn: readonly FailOn[] | undefined): string {
  const { code, reason } = outcomeOf(result, failOn);
  return [...countsOf(result), `exit ${code}: ${reason}`].join(' · ');
}

function countsOf(result: ScanResult): readonly string[] {
  const states = [...statesInOrder]
    .sort((left, right) => rank(left) - rank(right))
    .flatMap((state) => {
      const number = result.images.filter((image) => image.readiness.state === state).length;
      return number === 0 ? [] : [`${number} ${state}`];
    });
  const kept = result.workloads.filter(hasBlockingConstraint).length;
  return [
    `${count(result.images.length, 'image')}${states.length === 0 ? '' : `: ${states.join(', ')}`}`,
    ...(result.workloads.length === 0
      ? []
      : [
          `${result.workloads.filter((workload) => workload.ready).length} of ${count(result.workloads.length, 'workload')} ready`,
        ]),
    ...(kept === 0 ? [] : [`${kept} kept off by a constraint`]),
    ...(result.problems.length === 0 ? [] : [count(result.problems.length, 'problem')]),
  ];
}

/** Good news first in a sum; the order of the groups is worst first. */
function rank(state: string): number {
  return state === 'ready' ? -1 : 0;
}
