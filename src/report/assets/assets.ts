import type { AssetsResult, ReleaseAsset } from '../../results/index.ts';
import type { Drawing } from '../format.ts';
import { Budget } from '../markdown-budget.ts';
import { code, prose, row } from '../markdown-text.ts';
import type { Outcome } from '../outcome.ts';
import { joined, pageOf } from '../page.ts';
import { count, plainText } from '../text.ts';

/** 1 where something that was to be removed isn't in the table. */
export function assetsOutcomeOf({ problems }: AssetsResult): Outcome {
  return problems.length === 0
    ? { code: 0, reason: 'done' }
    : { code: 1, reason: 'something was named that is not in the table' };
}

/** `2 assets · 1 added · exit 0: done`. */
export function assetsTotalsOf(result: AssetsResult): string {
  const { assets, added, removed } = result;
  const { code: exit, reason } = assetsOutcomeOf(result);
  return [
    count(assets.length, 'asset'),
    ...(added === 0 ? [] : [`${added} added`]),
    ...(removed === 0 ? [] : [`${removed} removed`]),
    `exit ${exit}: ${reason}`,
  ].join(' · ');
}

/** The table of release assets for people; whole hashes where all is asked for. */
export function renderAssetsTable(result: AssetsResult, drawing: Drawing = {}): string {
  const page = pageOf(drawing);
  return joined([
    result.assets.flatMap((asset) => [
      `${page.paint.bold(plainText(programOf(asset)))}  ${plainText(asset.platform)}  ${page.paint.dim((asset.added ?? '').slice(0, 10))}`.trimEnd(),
      `  ${plainText(asset.from)}  ${page.paint.dim(`sha256:${asset.sha256.slice(0, page.all || page.detail ? 64 : 12)}`)}`,
    ]),
    result.problems.map(
      ({ asset, why }) => `${page.paint.tone('bad', 'refused')}  ${plainText(asset)}: ${plainText(why)}`,
    ),
    [page.paint.bold(assetsTotalsOf(result))],
  ]);
}

/** The same for pull requests. */
export function renderAssetsMarkdown(result: AssetsResult): string {
  const budget = new Budget();
  const rows = result.assets.map((asset) =>
    row([code(programOf(asset)), prose(asset.platform), code(asset.from), code(`sha256:${asset.sha256}`)]),
  );
  const problems = result.problems.map(({ asset, why }) => row([code(asset), prose(why)]));
  const sections = [
    `**${prose(assetsTotalsOf(result))}**`,
    rows.length === 0 ? '' : budget.table('Release assets', ['Program', 'Platform', 'From', 'SHA-256'], rows),
    problems.length === 0 ? '' : budget.table('Problems', ['Asset', 'Why'], problems),
  ];
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

/** `example.com/tool@v1.2.3 example.com/tool/cmd/x`. */
function programOf({ module, version, package: path }: ReleaseAsset): string {
  const versioned = version === undefined ? module : `${module}@${version}`;
  return path === undefined ? versioned : `${versioned} ${path}`;
}
