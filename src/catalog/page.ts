import type { CatalogPage, PagePart } from '../results/index.ts';
import type { Catalog } from './catalog.ts';
import { around, judge, plainState, type ResultOptions } from './lists.ts';
import type { Product } from './product.ts';
import { isWebAddress, type Listing, type ListingCell, type ListingRow } from './product-schema.ts';
import { isTracking, type JudgedProduct } from './state.ts';
import type { JudgedWorkaround } from './workarounds.ts';

export interface PageOptions extends ResultOptions {
  /** `YYYY-MM-DD`: the page as it was on that day, or, after its last one, what was known then. Today unless told. */
  readonly date?: string;
  readonly table?: 'workarounds' | 'supported';
}

const columns = {
  workarounds: ['Name', 'URL / Github issue', 'Workaround/Status', 'Existing image?'],
  supported: ['Name', 'URL', 'Comment'],
} as const;

type Table = keyof typeof columns;
type Line = readonly PagePart[];
type Row = CatalogPage['rows'][number];

const day = 24 * 60 * 60 * 1000;

/**
 * The page that the catalog began as: a table of products without images for the platform, and what helps. On a day when
 * the page had rows, they are the page's own; later ones, and today's, are made of states and workarounds.
 */
export function catalogPage(
  catalog: Catalog,
  { date, table = 'workarounds', ...options }: PageOptions,
): CatalogPage {
  const today = new Date(options.now).toISOString().slice(0, 10);
  const on = date ?? today;
  const listed = listedOn(catalog, table, on);
  const fromPage = date !== undefined && (listed.length > 0 || table === 'supported');
  // All of that day counts, as far as it's over.
  const now = date === undefined ? options.now : Math.min(options.now, Date.parse(date) + day - 1);
  const current = { ...options, now };
  const rows =
    fromPage || table === 'supported'
      ? listed.map(({ product, row }) => pageRow(product, row, table))
      : madeRows(catalog, current);
  const shortened =
    (fromPage || table === 'supported') && listed.some(({ listing }) => listing.wording === 'short');
  const { notes, ...rest } = around(catalog, current);
  return {
    ...rest,
    notes: [...notes, ...(shortened ? ['cells of some rows tell what the page said, in fewer words'] : [])],
    table,
    from: fromPage || table === 'supported' ? 'page' : 'catalog',
    date: on,
    columns: [...columns[table]],
    rows,
  };
}

interface Listed {
  readonly product: Product;
  readonly listing: Listing;
  readonly row: ListingRow;
  readonly entered: string;
}

/** By the day they came, then by name. */
function listedOn({ products }: Catalog, table: Table, date: string): readonly Listed[] {
  const found = products.flatMap((product) =>
    (product.listings ?? []).flatMap((listing) => {
      const row = listing.rows.findLast((one) => startOf(one) <= date);
      const gone = listing.left !== undefined && listing.left <= date;
      if (listing.table !== table || row === undefined || gone) return [];
      return [{ product, listing, row, entered: startOf(listing.rows[0] ?? row) }];
    }),
  );
  return found.sort((left, right) =>
    left.entered === right.entered
      ? left.row.name < right.row.name
        ? -1
        : 1
      : left.entered < right.entered
        ? -1
        : 1,
  );
}

function startOf({ from, seen }: ListingRow): string {
  return from ?? seen ?? '';
}

function pageRow({ name }: Product, row: ListingRow, table: Table): Row {
  const cells =
    table === 'workarounds'
      ? [row.name, row.url, row.workaround, row.image]
      : [row.name, row.url, row.comment];
  return { product: name, cells: cells.map((cell) => linesOf(cell)) };
}

function linesOf(cell: ListingCell | undefined): PagePart[][] {
  if (cell === undefined || cell === '') return [];
  if (typeof cell !== 'string') return [[cell]];
  return [[isWebAddress(cell) ? { text: cell, link: cell } : { text: cell }]];
}

/** Every product that somebody with some version of it needs help with. */
function madeRows(catalog: Catalog, options: ResultOptions): Row[] {
  return catalog.products.flatMap((product) => {
    const judged = judge(product, undefined, options);
    const helps = judged.workarounds.filter(isOffered);
    const failing = judged.state === 'regressed' || judged.state === 'unsupported';
    if (helps.length === 0 && !failing) return [];
    const cells: Line[][] = [
      [[{ text: product.title }]],
      linksOf(product),
      [stateLine(judged), ...helps.map(helpLine)],
      helps.flatMap(imageLine),
    ];
    return [
      {
        product: product.name,
        cells: cells.map((lines) => lines.map((line) => [...line])),
        state: plainState(judged),
      },
    ];
  });
}

/** Retired ones still help those who run a version before. */
function isOffered({ workaround, status }: JudgedWorkaround): boolean {
  const stays =
    status === 'tested' ||
    status === 'untested' ||
    (status === 'retired' && workaround.versions !== undefined);
  return stays && workaround.kind !== 'none';
}

function linksOf({ links = [] }: Product): Line[] {
  return links.filter(isTracking).map(({ url }) => [{ text: url, link: url }]);
}

/** `tracked; said to be supported, >=2.3.0 (2026-06-16); not seen by armload`. */
function stateLine({ state, claim, age }: JudgedProduct): Line {
  const said =
    claim === undefined || state === 'supported'
      ? ''
      : `; said to be ${claim.says}${rangeOf(claim.versions)} (${claim.date})`;
  const seen =
    age === undefined
      ? 'never looked at'
      : age === 0
        ? 'seen today'
        : `seen ${age} day${age === 1 ? '' : 's'} ago`;
  return [{ text: `${state}${said}; ${seen}` }];
}

function helpLine({ workaround, status }: JudgedWorkaround): Line {
  const { text, versions, until, recipe, command } = workaround;
  const how = recipe === undefined ? (command === undefined ? '' : `: ${command}`) : ` (recipe ${recipe})`;
  const end = until === undefined ? '' : `, until ${until}`;
  return [{ text: `${versions === undefined ? '' : `${versions}: `}${text}${how} [${status}${end}]` }];
}

function imageLine({ workaround: { image, versions, until } }: JudgedWorkaround): Line[] {
  if (image === undefined) return [];
  const tag = image.tag === undefined ? '' : `:${image.tag}`;
  const end = until === undefined ? '' : `, until ${until}`;
  return [
    [
      {
        text: `${versions === undefined ? '' : `${versions}: `}${image.reference}${tag} (${image.trust}${end})`,
      },
    ],
  ];
}

function rangeOf(versions: string | undefined): string {
  return versions === undefined ? '' : `, ${versions}`;
}
