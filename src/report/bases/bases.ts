import type { BasesResult, KnownBase } from '../../results/index.ts';
import type { Drawing } from '../format.ts';
import { Budget } from '../markdown-budget.ts';
import { code, prose, row } from '../markdown-text.ts';
import type { Outcome } from '../outcome.ts';
import { joined, pageOf } from '../page.ts';
import { count, plainText } from '../text.ts';

const digestShown = 'sha256:'.length + 12;

/** 1 where a reference can be no base or isn't in the table, 2 where one could not be reached. 2 never hides 1. */
export function basesOutcomeOf({ problems }: BasesResult): Outcome {
  if (problems.some(({ undetermined }) => !undetermined))
    return { code: 1, reason: 'something was named that is no known base and can not be one' };
  if (problems.length > 0) return { code: 2, reason: 'something could not be reached' };
  return { code: 0, reason: 'done' };
}

/** `2 bases, 9 images · 3 added · exit 0: done`. */
export function basesTotalsOf(result: BasesResult): string {
  const { bases, added, removed, problems } = result;
  const { code: exit, reason } = basesOutcomeOf(result);
  const images = bases.reduce((sum, base) => sum + base.images.length, 0);
  return [
    `${count(bases.length, 'base')}, ${count(images, 'image')}`,
    added === 0 ? '' : `${added} added`,
    removed === 0 ? '' : `${removed} removed`,
    problems.length === 0 ? '' : count(problems.length, 'problem'),
    `exit ${exit}: ${reason}`,
  ]
    .filter((part) => part !== '')
    .join(' · ');
}

/** The table of known bases for people; every image with its chain-id where all is asked for. */
export function renderBasesTable(result: BasesResult, drawing: Drawing = {}): string {
  const page = pageOf(drawing);
  return joined([
    result.bases.flatMap((base) => [
      `${page.paint.bold(plainText(base.reference))}  ${page.paint.dim(factsOf(base))}`,
      ...(page.all || page.detail
        ? base.images.map(
            ({ platform, layers, chainId }) =>
              `  ${plainText(platform)}  ${count(layers, 'layer')}  ${plainText(chainId)}`,
          )
        : []),
    ]),
    result.problems.map(
      ({ reference, why, undetermined }) =>
        `${page.paint.tone(undetermined ? 'doubt' : 'bad', undetermined ? 'unknown' : 'refused')}  ${plainText(reference)}: ${plainText(why)}`,
    ),
    [page.paint.bold(basesTotalsOf(result))],
  ]);
}

function factsOf({ index, added, images }: KnownBase): string {
  const platforms = images.map(({ platform }) => plainText(platform)).join(', ');
  const date = added === undefined ? [] : [plainText(added.slice(0, 10))];
  return [plainText(index).slice(0, digestShown), ...date, platforms].join('  ');
}

/** The same for pull requests. */
export function renderBasesMarkdown(result: BasesResult): string {
  const budget = new Budget();
  const rows = result.bases.map(({ reference, index, added = '', images }) =>
    row([
      code(reference),
      code(index),
      prose(added.slice(0, 10)),
      prose(images.map(({ platform }) => platform).join(', ')),
    ]),
  );
  const problems = result.problems.map(({ reference, why }) => row([code(reference), prose(why)]));
  const sections = [
    `**${prose(basesTotalsOf(result))}**`,
    rows.length === 0 ? '' : budget.table('Known bases', ['Base', 'Index', 'Recorded', 'Platforms'], rows),
    problems.length === 0 ? '' : budget.table('Problems', ['Reference', 'Why'], problems),
  ];
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}
