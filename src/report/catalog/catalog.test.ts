import { describe, expect, test } from 'vitest';
import {
  type CatalogList,
  type CatalogPage,
  type CatalogProduct,
  catalogListSchema,
  catalogProductSchema,
  productStates,
} from '../../results/index.ts';
import { formats, pageFormats } from '../index.ts';

const bad = '<b onclick="x">|`[a](javascript:1)\u001b[2J\u202e@team #1';
const around = {
  schemaVersion: 1,
  at: '2026-01-31T00:00:00.000Z',
  platform: 'linux/arm64',
  notes: [bad],
} as const;
const state = { state: 'regressed', because: [bad], since: '2026-01-01T00:00:00.000Z', age: 1 } as const;
const claim = {
  says: 'supported',
  text: bad,
  versions: '>=2.0.0',
  source: 'https://app.example/',
  date: '2025-01-01',
};

const list: CatalogList = {
  ...around,
  notes: [bad],
  states: Object.fromEntries(
    productStates.map((name) => [name, name === 'regressed' ? 1 : 0]),
  ) as CatalogList['states'],
  products: [
    {
      name: 'app',
      title: bad,
      delivery: ['image'],
      state: { ...state, because: [bad] },
      claim,
      workarounds: 1,
      findings: [{ kind: 'copies-differ', text: bad }],
    },
  ],
};

const product: CatalogProduct = {
  ...around,
  notes: [bad],
  name: 'app',
  title: bad,
  asked: '1.0.0',
  file: bad,
  names: [bad],
  homepage: 'https://app.example/',
  delivery: ['image'],
  licence: [{ text: bad, since: '2023-08-10' }],
  archived: {},
  successor: { title: bad },
  forks: [{ title: bad, url: 'https://fork.example/' }],
  remarks: [bad],
  state: { ...state, because: [bad] },
  claims: [{ ...claim, doubt: bad }],
  workarounds: [
    {
      kind: 'third-party-image',
      text: bad,
      versions: '<2.0.0',
      applies: true,
      status: 'untested',
      why: bad,
      reference: 'registry.example/other:1',
      trust: 'personal',
      command: bad,
    },
  ],
  images: [
    {
      reference: 'registry.example/app',
      role: 'server',
      optional: false,
      confirmed: false,
      formerly: ['old.example/app'],
      archNames: [],
      mirrors: ['copy.example/app'],
      tag: 'v{version}',
      seen: 'bad',
      note: bad,
    },
  ],
  links: [{ kind: 'issue', url: 'https://forge.example/1', state: 'merged', since: '2025-01-01', note: bad }],
  overrides: [{ tool: 'helm', path: bad, images: [], example: bad, confirmed: false }],
  observations: Array.from({ length: 12 }, (_, index) => ({
    reference: `registry.example/app:${index}`,
    method: 'audit',
    result: 'none' as const,
    at: '2026-01-01T00:00:00.000Z',
    why: bad,
  })),
  observationsOmitted: 3,
  findings: [{ kind: 'copies-differ', text: bad }],
  listings: [{ table: 'workarounds', entered: '2021-05-24', left: '2022-03-11', because: bad }],
};

const page: CatalogPage = {
  ...around,
  notes: [bad],
  table: 'workarounds',
  from: 'catalog',
  date: '2026-01-31',
  columns: ['Name', 'URL'],
  rows: [
    {
      product: 'app',
      cells: [
        [[{ text: bad }], [{ text: 'place', link: '#app' }]],
        [
          [{ text: 'https://a.example/x_y', link: 'https://a.example/x_y' }],
          [{ text: bad, link: 'https://a.example/a)(b|c`' }],
          [{ text: 'run', link: 'javascript:alert(1)' }],
        ],
      ],
    },
  ],
};

const unseen = /[^\n\P{Cc}]|\p{Cf}/u;

describe.each(formats.map((format) => [format.name, format] as const))('the format %s', (name, format) => {
  test.each([{}, { all: true }, { detail: true, columns: 40 }])(
    'draws products, and lets none of their texts out: %o',
    (drawing) => {
      const texts = [format.renderCatalogList(list, drawing), format.renderCatalogProduct(product, drawing)];
      for (const text of texts) {
        expect(text).toContain('regressed');
        // What breaks up mentions in Markdown can't be seen, and is no harm.
        expect(text.replaceAll('\u200b', '')).not.toMatch(unseen);
        expect(text.endsWith('\n')).toBe(true);
        if (name === 'markdown') expect(text).not.toMatch(/(?<!\\)<b|(?<!\\)\]\(|@team|#1/);
      }
    },
  );
});

test('JSON is the documents themselves', () => {
  const json = formats.find(({ name }) => name === 'json')!;
  expect(catalogListSchema.parse(JSON.parse(json.renderCatalogList(list, {})))).toEqual(list);
  expect(catalogProductSchema.parse(JSON.parse(json.renderCatalogProduct(product, {})))).toEqual(product);
});

test('the table shows what matters, and counts the rest', () => {
  const table = formats.find(({ name }) => name === 'table')!;
  const text = table.renderCatalogProduct(product, {});
  expect(text).toContain('since 2026-01-01  seen 1 day ago');
  expect(text).toContain('third-party-image registry.example/other:1 (personal), for <2.0.0: untested');
  expect(text).toContain('Observations (15)');
  expect(text).toContain('and 10 more');
  expect(text.trimEnd().split('\n').at(-1)).toBe('app@1.0.0: regressed');
  expect(table.renderCatalogList({ ...list, products: [] }, {})).toContain('0 products');
});

describe('the page', () => {
  const draw = (name: string) => pageFormats.find((format) => format.name === name)!.render(page);

  test('in HTML has no text that is markup, and no link that runs', () => {
    const html = draw('html');
    expect(html).not.toMatch(/<b |onclick="|javascript:alert\(1\)"|<script/);
    expect(html.replaceAll('\n', '')).not.toMatch(unseen);
    expect(html).toContain('&#60;b onclick=&#34;x&#34;&#62;');
    expect(html).toContain('<a href="#app">place</a>');
    expect(html).toContain(
      '<td><a href="https://a.example/x_y" rel="noopener noreferrer">https://a.example/x_y</a><br>',
    );
    expect(html.match(/<a /g)).toHaveLength(3);
    expect(html.match(/<t[rdh]\b/g)).toHaveLength(2 + 2 + 2);
  });

  test('in Markdown is one table whose cells stay in their places', () => {
    const lines = draw('markdown').trimEnd().split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[2]!.split(/(?<!\\)\|/)).toHaveLength(4);
    expect(lines[2]).toContain('| https://a.example/x_y<br>');
    expect(lines[2]).toContain('](https://a.example/a%29%28b%7Cc%60)');
    expect(lines[2]).toContain('<br>run |');
  });

  test('in JSON is the document itself', () => {
    expect(JSON.parse(draw('json'))).toEqual(page);
  });
});
