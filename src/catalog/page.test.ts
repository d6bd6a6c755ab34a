import { existsSync, readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { pageFormats } from '../report/index.ts';
import { type CatalogPage, catalogPageSchema } from '../results/index.ts';
import { endOf, seen } from './catalog.test-support.ts';
import type { Catalog } from './catalog.ts';
import { loadCatalog } from './load-catalog.ts';
import { catalogPage, type PageOptions } from './page.ts';

let catalog: Catalog;
beforeAll(async () => {
  catalog = await loadCatalog();
});

const now = endOf('2026-07-01');
const page = (options: Partial<PageOptions> = {}) =>
  catalogPage(catalog, { observations: () => [], now, ...options });
const markdownOf = (drawn: CatalogPage) => pageFormats.find(({ name }) => name === 'markdown')!.render(drawn);
const cellsOf = (markdown: string) =>
  markdown
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
const namesOf = (date: string) => page({ date }).rows.map(({ product }) => product);

const brief = [
  ['Name', 'URL / Github issue', 'Workaround/Status', 'Existing image?'],
  [':-----', ':-----', ':-----', ':-----'],
  [
    'ArgoCD',
    'https://github.com/argoproj/argo-cd/issues/3956',
    'build arm64 images from source / existing arm64 binaries',
    '',
  ],
  ['Flatcar Linux', 'https://github.com/kinvolk/Flatcar/issues/97', 'arm64 support for alpha/edge', ''],
  ['Istio', '', '[Build instruction below](#Istio)', ''],
];

describe('the page of a day', () => {
  test('is the one that the catalog began as, cell by cell', () => {
    expect(cellsOf(markdownOf(page({ date: '2021-08-09' })))).toEqual(brief);
  });

  const original = new URL('../../../shared/brief/containers-workarounds.md', import.meta.url);
  test.skipIf(!existsSync(original))('is the original, where that is at hand', () => {
    expect(cellsOf(readFileSync(original, 'utf8'))).toEqual(
      cellsOf(markdownOf(page({ date: '2021-08-09' }))),
    );
  });

  test.each([
    ['2020-08-16', 'catalog'],
    ['2020-08-17', 'page'],
    ['2022-08-30', 'page'],
    ['2022-08-31', 'catalog'],
  ])('%s is from the %s', (date, from) => {
    expect(page({ date }).from).toBe(from);
  });

  test('has the rows that stood there, by the day they came', () => {
    expect(namesOf('2020-08-17')).toEqual([
      'alb-ingress-controller',
      'aws-ebs-csi-driver',
      'ecs-cli',
      'aws-efs-csi-driver',
      'firelens',
      'cluster-autoscaler',
      'external-dns',
      'kube-state-metrics',
    ]);
    expect(namesOf('2020-08-22')).not.toContain('alb-ingress-controller');
    expect(namesOf('2021-05-24')).toEqual(['pulumi', 'argo-cd']);
    expect(namesOf('2022-03-11')).toEqual(['istio']);
  });

  test('has a row as it was worded then', () => {
    expect(page({ date: '2021-05-26' }).rows[1]?.cells[2]).toEqual([]);
    expect(page({ date: '2021-05-27' }).rows[0]?.cells[2]).toEqual([
      [{ text: 'build arm64 images from source / existing arm64 binaries' }],
    ]);
  });

  test('says where its cells are in fewer words', () => {
    expect(page({ date: '2020-09-01' }).notes.join()).toContain('in fewer words');
    expect(page({ date: '2021-08-09' }).notes.join()).not.toContain('in fewer words');
  });
});

describe('the page of today', () => {
  const rowOf = (name: string, options: Partial<PageOptions> = {}) => {
    const row = page(options).rows.find(({ product }) => product === name);
    return row?.cells.map((cell) => cell.map((line) => line.map(({ text }) => text).join('')));
  };

  test('has what helps those who run an old version, with the state and its age', () => {
    expect(rowOf('argo-cd')).toEqual([
      ['Argo CD'],
      ['https://github.com/argoproj/argo-cd/issues/3956'],
      [
        'tracked; said to be supported, >=2.3.0 (2026-06-16); never looked at',
        '<2.3.0: build arm64 images from source (recipe argo-cd-source) [untested]',
        '>=2.0.0 <2.3.0: put an image together from the existing arm64 binaries (recipe argo-cd-assemble) [untested]',
      ],
      [],
    ]);
    expect(rowOf('istio')?.[2]?.[1]).toContain('(recipe istio) [tested]');
    expect(rowOf('flatcar')?.[2]?.join()).toContain('channel Alpha');
  });

  test('has no images of others that nobody answers for any more', () => {
    expect(JSON.stringify(page())).not.toContain('raspbernetes');
    expect(JSON.stringify(page({ date: '2020-08-16' }))).toContain('raspbernetes');
  });

  test('follows what was seen: a product that lost the platform comes in, by its audit', () => {
    expect(rowOf('cilium')).toBeUndefined();
    const observations = (product: string) =>
      product === 'cilium' ? [seen('quay.io/cilium/cilium:v1.16.0', 'mislabelled', '2026-06-20')] : [];
    expect(rowOf('cilium', { observations })?.[2]).toEqual([
      'regressed; said to be supported, >=1.10.0 (2026-06-16); seen 11 days ago',
    ]);
    // On that day nobody had looked.
    expect(rowOf('cilium', { observations, date: '2026-06-19' })).toBeUndefined();
  });

  test('is a document of its schema, as that of any day', () => {
    for (const options of [
      {},
      { date: '2021-08-09' },
      { table: 'supported' as const },
      { date: '2030-01-01' },
    ])
      expect(catalogPageSchema.parse(page(options))).toEqual(page(options));
  });
});

test('the table of what is said to work has 54 rows, and none before it was seen', () => {
  expect(page({ table: 'supported' }).rows).toHaveLength(54);
  expect(page({ table: 'supported', date: '2026-06-15' }).rows).toEqual([]);
  expect(page({ table: 'supported' }).columns).toEqual(['Name', 'URL', 'Comment']);
});
