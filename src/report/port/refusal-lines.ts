import type { PortRefusal } from '../../results/index.ts';
import { describeLayer } from '../audit/sentences.ts';
import type { Page } from '../page.ts';
import { plainText } from '../text.ts';
import { facts, inside } from './lines.ts';
import { groupRefusals, type RefusalBlock, type RefusalGroup } from './refusal-groups.ts';

const blocksShown = 10;
const pathsShown = 3;

/** What is refused, by kind, what is alike said once; `--all` lists every path. */
export function refusalLines(refusals: readonly PortRefusal[], page: Page): readonly string[] {
  return groupRefusals(refusals).flatMap((group) => groupLines(group, page));
}

function groupLines(group: RefusalGroup, page: Page): readonly string[] {
  const blocks = isComplete(page) ? group.blocks : group.blocks.slice(0, blocksShown);
  const shown = blocks.reduce((sum, block) => sum + block.refusals.length, 0);
  const rest = group.count - shown;
  const lines = [
    `${plainText(group.kind)} (${group.count})`,
    ...blocks.flatMap((block) => blockLines(block, page)),
    ...(rest > 0 ? [`  and ${rest} more: --all lists them`] : []),
  ];
  const [label, tone] = group.undetermined ? (['unknown', 'doubt'] as const) : (['refused', 'bad'] as const);
  return facts(label, lines, page, tone);
}

function blockLines({ first, refusals }: RefusalBlock, page: Page): readonly string[] {
  const paths = refusals.flatMap(({ path }) => (path === undefined ? [] : [plainText(path)]));
  const shown = isComplete(page) ? paths : paths.slice(0, pathsShown);
  const rest = paths.length - shown.length;
  const texts = [
    ...(first.layer === undefined ? [] : [describeLayer(first.layer, page.detail)]),
    ...(first.guess === undefined ? [] : [`seems to be from ${plainText(first.guess)}`]),
    plainText(first.why),
    plainText(first.lift),
  ];
  return [
    // A path stays on one line, however long, so that it can be copied.
    ...shown.map((path) => `  ${path}`),
    ...(rest > 0 ? [`  and ${rest} more like it: --all lists them`] : []),
    ...texts.flatMap((text) => inside(text, page, 4)),
  ];
}

function isComplete({ all, detail }: Page): boolean {
  return all || detail;
}
