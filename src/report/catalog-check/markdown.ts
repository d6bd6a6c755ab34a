import type { CatalogCheckResult } from '../../results/index.ts';
import type { Drawing } from '../format.ts';
import { Budget } from '../markdown-budget.ts';
import { code, prose, row } from '../markdown-text.ts';
import { isWorthTelling } from './outcome.ts';
import { catalogCheckTotalsOf, describeChannel, describeMove, describeSeen } from './sentences.ts';

/** The same for an issue or a pull request: what is worse first. Rows that don't fit are left out and counted. */
export function renderCatalogCheckMarkdown(result: CatalogCheckResult, drawing: Drawing = {}): string {
  const budget = new Budget();
  const all = drawing.all ?? false;
  const sections = [
    `## Catalog check for ${code(result.platform)}`,
    `**${prose(catalogCheckTotalsOf(result))}**`,
    table(budget, ['Regressions', ['Product', 'Image', 'What happened']], regressionRows(result)),
    table(budget, ['Findings', ['Product', 'Severity', 'Image', 'Why']], findingRows(result, all)),
    table(budget, ['Products', ['Product', 'State', 'Because']], productRows(result, all)),
    table(budget, ['Channels', ['Product', 'Channel', 'Seen', 'Why']], channelRows(result)),
    table(budget, ['Images', ['Product', 'Image', 'Seen', 'Why']], seenRows(result, all)),
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

function regressionRows({ products }: CatalogCheckResult): readonly string[] {
  return products.flatMap(({ product, regressions }) =>
    regressions.map(({ reference, why }) => row([prose(product), code(reference), prose(why)])),
  );
}

function findingRows({ products }: CatalogCheckResult, all: boolean): readonly string[] {
  return products.flatMap(({ product, findings }) =>
    findings
      .filter(({ severity }) => all || severity !== 'note')
      .map(({ severity, reference = '', why }) =>
        row([prose(product), severity, code(reference), prose(why)]),
      ),
  );
}

function productRows({ products }: CatalogCheckResult, all: boolean): readonly string[] {
  return products
    .filter((product) => all || isWorthTelling(product))
    .map((product) =>
      row([prose(product.product), prose(describeMove(product)), prose(product.after.because[0] ?? '')]),
    );
}

function seenRows({ products }: CatalogCheckResult, all: boolean): readonly string[] {
  return products.flatMap(({ product, observations }) =>
    observations
      .filter(({ result }) => all || result !== 'multi-arch')
      .map((seen) => row([prose(product), code(seen.reference), prose(describeSeen(seen)), prose(seen.why)])),
  );
}

function channelRows({ products }: CatalogCheckResult): readonly string[] {
  return products.flatMap(({ product, channels = [] }) =>
    channels.map((look) =>
      row([prose(product), prose(look.channel), prose(describeChannel(look)), prose(look.why)]),
    ),
  );
}
