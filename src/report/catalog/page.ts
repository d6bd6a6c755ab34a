import type { CatalogPage, PagePart } from '../../results/index.ts';
import { renderJson } from '../json.ts';
import { prose, row } from '../markdown-text.ts';
import { plainText } from '../text.ts';
import { catalogPageTotalsOf } from './sentences.ts';

/** A way to draw the page. */
export interface PageFormat {
  readonly name: string;
  readonly description: string;
  render(page: CatalogPage): string;
}

/** Every way, the default first. */
export const pageFormats: readonly PageFormat[] = [
  { name: 'markdown', description: 'for a repository', render: renderPageMarkdown },
  { name: 'html', description: 'for a web site', render: renderPageHtml },
  { name: 'json', description: 'for programs, see schemas/', render: renderJson },
];

type Cell = CatalogPage['rows'][number]['cells'][number];

/** The table alone, as the page had it. */
export function renderPageMarkdown({ columns, rows }: CatalogPage): string {
  const lines = [
    row(columns.map((column) => prose(column))),
    row(columns.map(() => ':-----')),
    ...rows.map(({ cells }) => row(cells.map(markdownCell))),
  ];
  return `${lines.join('\n')}\n`;
}

function markdownCell(cell: Cell): string {
  return cell.map((line) => line.map(markdownPart).join('')).join('<br>');
}

function markdownPart({ text, link }: PagePart): string {
  const target = link === undefined ? undefined : safeLink(link);
  if (target === undefined) return prose(text);
  // What would end the address or the cell is written in the address's own way.
  const written = target.replace(
    /[()|[\]\\`<>*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return text === link && written === target ? target : `[${prose(text)}](${written})`;
}

/** A document with the table, and nothing that runs or is loaded. */
export function renderPageHtml(page: CatalogPage): string {
  const { columns, rows, notes, platform } = page;
  const title = escapeHtml(`${platform}: ${page.table === 'supported' ? 'what works' : 'workarounds'}`);
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${title}</title>`,
    '<style>body{font-family:sans-serif;margin:2em}table{border-collapse:collapse}th,td{border:1px solid #999;padding:.4em .6em;text-align:left;vertical-align:top}</style>',
    '</head>',
    '<body>',
    `<h1>${title}</h1>`,
    `<p>${escapeHtml(catalogPageTotalsOf(page))}</p>`,
    '<table>',
    `<thead><tr>${columns.map((column) => `<th scope="col">${escapeHtml(column)}</th>`).join('')}</tr></thead>`,
    '<tbody>',
    ...rows.map(
      ({ product, cells }) =>
        `<tr id="${escapeHtml(product)}">${cells.map((cell) => `<td>${htmlCell(cell)}</td>`).join('')}</tr>`,
    ),
    '</tbody>',
    '</table>',
    ...notes.map((note) => `<p>${escapeHtml(note)}</p>`),
    '</body>',
    '</html>',
    '',
  ].join('\n');
}

function htmlCell(cell: Cell): string {
  return cell.map((line) => line.map(htmlPart).join('')).join('<br>');
}

function htmlPart({ text, link }: PagePart): string {
  const target = link === undefined ? undefined : safeLink(link);
  return target === undefined
    ? escapeHtml(text)
    : `<a href="${escapeHtml(target)}"${target.startsWith('#') ? '' : ' rel="noopener noreferrer"'}>${escapeHtml(text)}</a>`;
}

/** Web addresses and places of the page; a `javascript:` is text. */
function safeLink(link: string): string | undefined {
  const target = plainText(link);
  if (/^#[\w-]+$/.test(target)) return target;
  return /^https?:\/\/[^\s"'<>]+$/i.test(target) && URL.canParse(target) ? target : undefined;
}

function escapeHtml(text: string): string {
  return plainText(text).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
