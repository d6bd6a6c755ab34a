import type { CatalogList, CatalogProduct, ProductState } from '../../results/index.ts';
import type { Drawing } from '../format.ts';
import { joined, labelledLines, type Page, pageOf } from '../page.ts';
import { plainText, wrap } from '../text.ts';
import {
  catalogListTotalsOf,
  catalogProductTotalsOf,
  describeAge,
  describeChannelClaim,
  describeClaim,
  describeWorkaround,
  stateTones,
} from './sentences.ts';

const indent = 2;
const labelWidth = 14;
const shownObservations = 5;

/** The catalog for people: a line a product. */
export function renderCatalogListTable(result: CatalogList, drawing: Drawing = {}): string {
  const page = pageOf(drawing);
  const rows = result.products.map((product) => ({
    product,
    name: plainText(product.name),
    state: product.state.state,
    claim: describeClaim(product.claim),
    age: describeAge(product.state),
  }));
  const width = (of: (row: (typeof rows)[number]) => string, title: string) =>
    Math.max(title.length, ...rows.map((row) => of(row).length));
  const [names, states, claims] = [
    width(({ name }) => name, 'product'),
    width(({ state }) => state, 'state'),
    width(({ claim }) => claim, 'people say'),
  ];
  const head = `${'product'.padEnd(names)}  ${'state'.padEnd(states)}  ${'people say'.padEnd(claims)}  armload`;
  return joined([
    rows.length === 0
      ? []
      : [
          page.paint.dim(head),
          ...rows.flatMap(({ product, name, state, claim, age }) => [
            `${name.padEnd(names)}  ${page.paint.tone(stateTones[state], state.padEnd(states))}  ${claim.padEnd(claims)}  ${age}`,
            ...(page.all || page.detail ? product.state.because : []).flatMap((text) =>
              labelled('', text, page),
            ),
            ...product.findings
              .filter(({ kind }) => page.all || kind !== 'workaround-expired')
              .flatMap(({ kind, text }) => labelled(kind, text, page)),
          ]),
        ],
    notesLines(result.notes, page),
    [page.paint.bold(catalogListTotalsOf(result))],
  ]);
}

/** All about one product, for people. */
export function renderCatalogProductTable(result: CatalogProduct, drawing: Drawing = {}): string {
  const page = pageOf(drawing);
  const { paint } = page;
  return joined([
    [
      `${paint.bold(plainText(result.title))}  ${paint.tone(stateTones[result.state.state], result.state.state)}${sinceOf(result.state)}  ${paint.dim(describeAge(result.state))}`,
      ...result.state.because.flatMap((text, index) => labelled(index === 0 ? 'because' : '', text, page)),
      ...result.findings.flatMap(({ kind, text }) => labelled(kind, text, page)),
    ],
    aboutLines(result, page),
    workaroundLines(result, page),
    claimLines(result, page),
    imageLines(result, page),
    channelLines(result, page),
    observationLines(result, page),
    notesLines(result.notes, page),
    [paint.bold(catalogProductTotalsOf(result))],
  ]);
}

function sinceOf({ since }: ProductState): string {
  return since === undefined ? '' : ` since ${plainText(since.slice(0, 10))}`;
}

function aboutLines(result: CatalogProduct, page: Page): readonly string[] {
  const { successor, archived, forks, licence, overrides, listings, links } = result;
  const text = (label: string, texts: readonly (string | undefined)[]) =>
    texts.flatMap((one, index) => (one === undefined ? [] : labelled(index === 0 ? label : '', one, page)));
  return [
    ...text('names', result.names.length === 0 ? [] : [result.names.join(', ')]),
    ...text('homepage', [result.homepage]),
    ...text('delivered as', [result.delivery.join(', ')]),
    ...text('successor', [successor?.title]),
    ...text('archived', archived === undefined ? [] : [archived.since ?? 'yes']),
    ...text(
      'forks',
      forks.map(({ title, url = '' }) => `${title} ${url}`.trim()),
    ),
    ...text(
      'licence',
      licence.map(({ text: what, since }) => `${what}${since === undefined ? '' : ` since ${since}`}`),
    ),
    ...text('remarks', result.remarks),
    ...text(
      'links',
      links.map(({ kind, url, state, since, note }) => {
        const when = state === undefined ? '' : ` (${state}${since === undefined ? '' : ` ${since}`})`;
        return `${kind} ${url}${when}${note === undefined ? '' : `: ${note}`}`;
      }),
    ),
    ...text(
      'set names by',
      overrides.map(
        ({ tool, path, example, confirmed }) =>
          `${tool}: ${path}${example === undefined ? '' : `, such as ${example}`}${confirmed ? '' : ' (not confirmed)'}`,
      ),
    ),
    ...text(
      'listed',
      listings.map(
        ({ table, entered, left, because }) =>
          `${table}, ${entered} to ${left ?? 'now'}${because === undefined ? '' : `: ${because}`}`,
      ),
    ),
    ...text('file', [result.file]),
  ];
}

function workaroundLines({ workarounds }: CatalogProduct, page: Page): readonly string[] {
  return section(`Workarounds (${workarounds.length})`, workarounds, page, (workaround) => [
    `  ${page.paint.bold(plainText(describeWorkaround(workaround)))}`,
    ...labelled('', workaround.text, page),
    ...(workaround.command === undefined ? [] : line('run', workaround.command, page)),
    ...labelled('', workaround.why, page),
  ]);
}

function claimLines({ claims }: CatalogProduct, page: Page): readonly string[] {
  return section(`Claims (${claims.length})`, claims, page, (claim) => [
    `  ${page.paint.bold(plainText(describeClaim(claim)))}  ${plainText(claim.date)}`,
    ...labelled('', claim.text, page),
    ...(claim.doubt === undefined ? [] : labelled('doubt', claim.doubt, page)),
    ...line('', claim.source, page),
  ]);
}

function imageLines({ images }: CatalogProduct, page: Page): readonly string[] {
  return section(`Images (${images.length})`, images, page, (image) => [
    `  ${page.paint.bold(plainText(image.reference))}  ${image.role}, ${image.seen}${image.confirmed ? '' : ', name not confirmed'}`,
    ...image.formerly.flatMap((name) => line('formerly', name, page)),
    ...image.archNames.flatMap((name) => line('one platform', name, page)),
    ...image.mirrors.flatMap((name) => line('copy', name, page)),
    ...(image.note === undefined ? [] : labelled('note', image.note, page)),
  ]);
}

function channelLines({ channels = [] }: CatalogProduct, page: Page): readonly string[] {
  return section(`Channels (${channels.length})`, channels, page, (channel) => [
    `  ${page.paint.bold(plainText(channel.name))}  ${plainText(describeChannelClaim(channel))}`,
    ...(channel.doubt === undefined ? [] : labelled('doubt', channel.doubt, page)),
    ...line('newest', channel.address, page),
    ...(channel.source === undefined ? [] : line('source', channel.source, page)),
  ]);
}

function observationLines(
  { observations, observationsOmitted }: CatalogProduct,
  page: Page,
): readonly string[] {
  const shown = page.all || page.detail ? observations : observations.slice(0, shownObservations);
  const rest = observations.length - shown.length + observationsOmitted;
  return [
    ...section(`Observations (${observations.length + observationsOmitted})`, shown, page, (one) => [
      `  ${page.paint.bold(plainText(one.reference))}  ${one.result}  ${one.method} ${plainText(one.at)}`,
      ...labelled('', one.why, page),
    ]),
    ...(rest > 0 ? [`  and ${rest} more`] : []),
  ];
}

function section<Item>(
  title: string,
  items: readonly Item[],
  page: Page,
  draw: (item: Item) => readonly string[],
): readonly string[] {
  return items.length === 0 ? [] : [page.paint.bold(title), ...items.flatMap(draw)];
}

function notesLines(notes: readonly string[], page: Page): readonly string[] {
  return notes.flatMap((text) => labelled('note', text, page));
}

function labelled(label: string, text: string, page: Page): readonly string[] {
  return labelledLines(label, wrap(plainText(text), page.columns - indent - labelWidth), margin(page, label));
}

/** On one line, however long, so that it can be copied. */
function line(label: string, text: string, page: Page): readonly string[] {
  return labelledLines(label, [plainText(text)], margin(page, label));
}

function margin({ paint }: Page, label: string) {
  return { indent, width: Math.max(labelWidth, label.length + 2) + 1, mark: paint.dim };
}
