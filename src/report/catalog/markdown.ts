import type { CatalogList, CatalogProduct } from '../../results/index.ts';
import type { Drawing } from '../format.ts';
import { Budget } from '../markdown-budget.ts';
import { code, prose, row } from '../markdown-text.ts';
import {
  catalogListTotalsOf,
  catalogProductTotalsOf,
  describeAge,
  describeChannelClaim,
  describeClaim,
} from './sentences.ts';

/** The catalog as one Markdown table. */
export function renderCatalogListMarkdown(result: CatalogList): string {
  const rows = result.products.map(({ name, title, state, claim }) =>
    row([
      code(name),
      prose(title),
      state.state,
      prose(describeClaim(claim)),
      describeAge(state),
      prose(state.because[0] ?? ''),
    ]),
  );
  return finished([
    '## Catalog',
    `**${prose(catalogListTotalsOf(result))}**`,
    new Budget().table('Products', ['Product', 'Title', 'State', 'People say', 'Armload', 'Because'], rows),
    notes(result.notes),
  ]);
}

/** One product for an issue or a page. */
export function renderCatalogProductMarkdown(result: CatalogProduct, { all = false }: Drawing = {}): string {
  const budget = new Budget();
  const { title, state, findings, workarounds, claims, images, links, observations } = result;
  const shown = all ? observations : observations.slice(0, 10);
  return finished([
    `## ${prose(title)}`,
    `**${prose(catalogProductTotalsOf(result))}** (${describeAge(state)})`,
    [...state.because, ...findings.map(({ kind, text }) => `${kind}: ${text}`)]
      .map((sentence) => `- ${prose(sentence)}`)
      .join('\n'),
    optional(
      budget,
      ['Workarounds', ['Kind', 'For', 'What', 'Status', 'Why']],
      workarounds.map((one) =>
        row([
          one.kind,
          code(one.versions ?? ''),
          [prose(one.text), code(one.recipe ?? one.reference ?? one.command ?? '')].join(' ').trim(),
          `${one.status}${one.applies ? '' : ', not for what is asked about'}`,
          prose(one.why),
        ]),
      ),
    ),
    optional(
      budget,
      ['Claims', ['Says', 'Date', 'Text', 'Source']],
      claims.map((one) =>
        row([prose(describeClaim(one)), prose(one.date), prose(one.text), code(one.source)]),
      ),
    ),
    optional(
      budget,
      ['Channels', ['Channel', 'People say', 'Newest']],
      (result.channels ?? []).map((one) =>
        row([prose(one.name), prose(describeChannelClaim(one)), code(one.address)]),
      ),
    ),
    optional(
      budget,
      ['Images', ['Image', 'Role', 'Seen', 'Formerly']],
      images.map((one) =>
        row([
          code(one.reference),
          `${one.role}${one.confirmed ? '' : ', name not confirmed'}`,
          one.seen,
          [...one.formerly, ...one.archNames].map(code).join(' '),
        ]),
      ),
    ),
    optional(
      budget,
      ['Links', ['Kind', 'Address', 'State']],
      links.map((one) => row([one.kind, code(one.url), [one.state ?? '', one.since ?? ''].join(' ').trim()])),
    ),
    optional(
      budget,
      ['Observations', ['Reference', 'Result', 'Method', 'When', 'Why']],
      shown.map((one) =>
        row([code(one.reference), one.result, prose(one.method), prose(one.at), prose(one.why)]),
      ),
    ),
    notes(result.notes),
  ]);
}

function optional(
  budget: Budget,
  [title, columns]: readonly [string, readonly string[]],
  rows: readonly string[],
): string {
  return rows.length === 0 ? '' : budget.table(title, columns, rows);
}

function notes(texts: readonly string[]): string {
  return texts.map((text) => `- ${prose(text)}`).join('\n');
}

function finished(sections: readonly string[]): string {
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}
