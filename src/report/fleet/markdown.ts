import type { FleetImage, FleetResult } from '../../results/index.ts';
import type { Drawing } from '../format.ts';
import { Budget } from '../markdown-budget.ts';
import { code, prose, row } from '../markdown-text.ts';
import { describePlace, describeReadiness } from '../sentences.ts';
import {
  describeFleetBase,
  describeOrigins,
  fleetOutcomesInOrder,
  fleetTotalsOf,
  nextStepOfFleet,
} from './sentences.ts';

/** The same for pull requests. Rows that don't fit into a comment are left out and counted. */
export function renderFleetMarkdown(result: FleetResult, { all = false }: Drawing = {}): string {
  const budget = new Budget();
  const ordered = fleetOutcomesInOrder.flatMap((outcome) =>
    result.images.filter((image) => image.outcome === outcome),
  );
  const left = all ? result.left : result.left.filter(({ readiness }) => readiness.state !== 'ready');
  const sections = [
    `## Ports for ${code(result.platform)}${result.prefix === undefined ? '' : ` below ${code(result.prefix)}`}`,
    `**${prose(fleetTotalsOf(result))}**`,
    table(
      budget,
      ['Images', ['Image', 'Outcome', 'Destination', 'Base', 'From', 'Why']],
      ordered.map(imageRow),
    ),
    table(
      budget,
      ['Refusals', ['Image', 'Kind', 'Path', 'Why', 'What lifts it']],
      ordered.flatMap(refusalRows),
    ),
    table(
      budget,
      ['Left alone', ['Image', 'State']],
      left.map(({ reference, readiness }) => row([code(reference), prose(describeReadiness(readiness))])),
    ),
    table(
      budget,
      ['Problems', ['Place', 'What']],
      result.problems.map((problem) => row([code(describePlace(problem)), prose(problem.message)])),
    ),
    prose(nextStepOfFleet(result)),
  ];
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

function table(
  budget: Budget,
  [title, columns]: readonly [string, readonly string[]],
  rows: readonly string[],
): string {
  return rows.length === 0 ? '' : budget.table(title, columns, rows);
}

function imageRow(image: FleetImage): string {
  const { reference, outcome, destination, why, resumed } = image;
  return row([
    code(reference),
    resumed ? `${outcome} (before)` : outcome,
    code(destination ?? ''),
    prose(describeFleetBase(image)),
    prose(describeOrigins(image.origins)),
    prose(why),
  ]);
}

function refusalRows({ reference, refusals, refused }: FleetImage): readonly string[] {
  const more = refused.sure + refused.undetermined - refusals.length;
  return [
    ...refusals.map(({ kind, path, undetermined, why, lift }) =>
      row([
        code(reference),
        prose(`${kind}${undetermined ? ' (undetermined)' : ''}`),
        path === undefined ? '' : code(path),
        prose(why),
        prose(lift),
      ]),
    ),
    ...(more > 0 ? [row([code(reference), '', `and ${more} more`, '', ''])] : []),
  ];
}
