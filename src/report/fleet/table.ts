import type { FleetImage, FleetLeft, FleetOutcome, FleetResult } from '../../results/index.ts';
import type { Drawing } from '../format.ts';
import type { Tone } from '../groups.ts';
import { joined, type Page, pageOf } from '../page.ts';
import { labelled } from '../port/lines.ts';
import { refusalLines } from '../port/refusal-lines.ts';
import { describePlace, describeReadiness } from '../sentences.ts';
import { plainText } from '../text.ts';
import {
  describeFleetBase,
  describeLeft,
  describeOrigins,
  fleetOutcomesInOrder,
  fleetTotalsOf,
  nextStepOfFleet,
} from './sentences.ts';

const tones: Readonly<Record<FleetOutcome, Tone>> = {
  published: 'good',
  unchanged: 'good',
  planned: 'quiet',
  refused: 'bad',
  unknown: 'doubt',
  failed: 'doubt',
  unneeded: 'good',
};

/** A fleet for people: what isn't ported and why, what is and of what, what was left alone, and what to do next. */
export function renderFleetTable(result: FleetResult, drawing: Drawing = {}): string {
  const page = pageOf(drawing);
  return joined([
    ...fleetOutcomesInOrder.flatMap((outcome) => groupSections(result, outcome, page)),
    leftLines(result.left, page),
    result.problems.map(
      (problem) =>
        `${page.paint.tone('doubt', 'problem')}  ${describePlace(problem)}: ${plainText(problem.message)}`,
    ),
    [page.paint.bold(fleetTotalsOf(result)), nextStepOfFleet(result)].filter((line) => line !== ''),
  ]);
}

/** What needs a person stands by itself; what went well, one below the other. */
function groupSections(
  { images }: FleetResult,
  outcome: FleetOutcome,
  page: Page,
): readonly (readonly string[])[] {
  const sections = images
    .filter((image) => image.outcome === outcome)
    .map((image) => imageLines(image, page));
  const isLong = tones[outcome] === 'bad' || tones[outcome] === 'doubt' || page.all || page.detail;
  return isLong ? sections : [sections.flat()];
}

function imageLines(image: FleetImage, page: Page): readonly string[] {
  const { outcome, reference, destination, why, refusals, refused, resumed } = image;
  const isGood = tones[outcome] === 'good' || tones[outcome] === 'quiet';
  const word = resumed ? `${outcome}, done before` : outcome;
  const taken = describeOrigins(image.origins);
  const arrow = destination === undefined ? '' : ` → ${plainText(destination)}`;
  const head = `${page.paint.tone(tones[outcome], word)}  ${page.paint.bold(plainText(reference))}${arrow}`;
  if (isGood && !page.all && !page.detail) return [taken === '' ? head : `${head}  ${page.paint.dim(taken)}`];
  const more = refused.sure + refused.undetermined - refusals.length;
  return [
    head,
    ...labelled('why', isGood || refusals.length === 0 ? [why] : [], page),
    ...labelled('base', [describeFleetBase(image)], page),
    ...labelled('from', [taken], page),
    ...refusalLines(refusals, page),
    ...labelled('', more > 0 ? [`and ${more} more: port it by itself with --dry-run to see all`] : [], page),
  ];
}

function leftLines(left: readonly FleetLeft[], page: Page): readonly string[] {
  const shown = page.all || page.detail ? left : left.filter(({ readiness }) => readiness.state !== 'ready');
  if (shown.length === 0) return [];
  return [
    `${page.paint.dim('left alone')}  ${describeLeft(left)}`,
    ...shown.map(({ reference, readiness }) => `  ${describeReadiness(readiness)}  ${plainText(reference)}`),
  ];
}
