import { describe, expect, test } from 'vitest';
import { catalogCheckResult, checkedProduct, sighting } from '../../../test/support/catalog-check-result.ts';
import { catalogCheckResultSchema } from '../../results/index.ts';
import { formats } from '../formats.ts';
import { renderCatalogCheckMarkdown } from './markdown.ts';
import { catalogCheckOutcomeOf } from './outcome.ts';
import { renderCatalogCheckTable } from './table.ts';

const good = sighting('registry.example/app:1');
const lost = sighting('registry.example/app:1', {
  result: 'none',
  why: 'the index has linux/amd64; no linux/arm64',
});
const untold = sighting('registry.example/app:2', {
  result: 'unknown',
  reason: 'timeout',
  why: 'no answer came',
});
const regression = {
  kind: 'lost' as const,
  reference: lost.reference,
  before: good,
  after: lost,
  why: 'on 2026-01-01 it had linux/arm64, now it has none',
};
const state = (name: 'supported' | 'regressed') => ({ state: name, because: [`it is ${name}`] });

describe('the exit code', () => {
  test.each([
    ['nothing worse', checkedProduct(), 0],
    ['an image without the platform that never had it', checkedProduct({ observations: [lost] }), 0],
    ['a regression', checkedProduct({ observations: [lost], regressions: [regression] }), 1],
    ['a lie', checkedProduct({ findings: [{ kind: 'mislabelled', severity: 'error', why: 'x86' }] }), 1],
    [
      'a product that has regressed before',
      checkedProduct({ before: state('regressed'), after: state('regressed') }),
      1,
    ],
    [
      'a warning',
      checkedProduct({ findings: [{ kind: 'copies-disagree', severity: 'warning', why: 'differ' }] }),
      0,
    ],
    ['no answer', checkedProduct({ observations: [untold] }), 2],
    [
      'tags that are not known',
      checkedProduct({
        findings: [{ kind: 'tags-unknown', severity: 'warning', undetermined: true, why: '401' }],
      }),
      2,
    ],
    ['both: 2 never hides 1', checkedProduct({ observations: [untold, lost], regressions: [regression] }), 1],
  ])('of %s', (_name, product, code) => {
    expect(catalogCheckOutcomeOf(catalogCheckResult([product])).code).toBe(code);
  });
});

test('the table says what moved, what was lost and what nobody could tell; what is fine is counted', () => {
  const result = catalogCheckResult([
    checkedProduct({ product: 'fine' }),
    checkedProduct({
      product: 'app',
      before: state('supported'),
      after: state('regressed'),
      observations: [lost, untold],
      regressions: [regression],
    }),
  ]);
  expect(renderCatalogCheckTable(result)).toBe(`app  supported → regressed
  because    it is regressed
  regression registry.example/app:1
             on 2026-01-01 it had linux/arm64, now it has none
  seen       registry.example/app:1  none
  seen       registry.example/app:2  unknown (timeout)
             no answer came

2 products · 3 images looked at: 1 multi-arch, 1 none, 1 unknown · 1 regression · 1 state moved · exit 1: an image lost its platform
`);
  expect(renderCatalogCheckTable(result, { all: true })).toContain('fine  supported');
});

test('a run that kept nothing says so', () => {
  const text = renderCatalogCheckTable({ ...catalogCheckResult([checkedProduct()]), recorded: false });
  expect(text).toContain('nothing was recorded');
});

test('Markdown has what is worse first, and drives no forge', () => {
  const text = renderCatalogCheckMarkdown(
    catalogCheckResult([
      checkedProduct({
        product: 'app',
        observations: [sighting('registry.example/a|b:1', { result: 'gone', why: '@team #1 <b>' })],
        regressions: [regression],
        findings: [
          { kind: 'partial', severity: 'warning', reference: 'registry.example/app:1', why: 'a helper' },
        ],
      }),
    ]),
  );
  const order = ['### Regressions (1)', '### Findings (1)', '### Products (1)', '### Images (1)'];
  expect(order.map((title) => text.indexOf(title))).toEqual(
    order.map((title) => text.indexOf(title)).sort((left, right) => left - right),
  );
  expect(text.indexOf(order[0] ?? '')).toBeGreaterThan(0);
  expect(text).not.toMatch(/@team|<b>/);
});

test('no format lets a registry drive the terminal, and the JSON is the document itself', () => {
  const result = catalogCheckResult([
    checkedProduct({
      product: 'a\u001b[2Jb',
      observations: [sighting('registry.example/app:1', { why: '\u0007\u202e' })],
      findings: [{ kind: 'partial', severity: 'warning', reference: 'x\u202ey', why: '\u001b[2J' }],
    }),
  ]);
  for (const format of formats) {
    const text = format.renderCatalogCheck(result, { all: true, detail: true });
    expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202e]/u);
    if (format.name === 'json') expect(catalogCheckResultSchema.parse(JSON.parse(text))).toEqual(result);
  }
});

const channel = {
  channel: 'stable',
  platform: 'linux/arm64',
  result: 'has' as const,
  version: '3033.2.0',
  compared: { platform: 'linux/amd64', version: '3033.2.0' },
  at: '2026-01-01T00:00:00.000Z',
  why: 'it publishes 3033.2.0 for arm64, with all its files',
  since: { version: '3033.2.0', seen: 'confirmed' as const, why: '3033.2.0 is there for arm64' },
};

test('channels are told each time, for nothing of them is kept', () => {
  const none = { ...channel, channel: 'beta', result: 'none' as const, why: 'nothing for arm64' };
  const { version: _, since: __, ...lacking } = none;
  const { version: ___, since: ____, ...untellable } = channel;
  const unknown = {
    ...untellable,
    channel: 'alpha',
    result: 'unknown' as const,
    reason: 'timeout',
    why: 'no answer',
  };
  const result = catalogCheckResult([
    checkedProduct({ product: 'flatcar', observations: [], channels: [channel, lacking, unknown] }),
  ]);
  expect(catalogCheckResultSchema.parse(result)).toEqual(result);
  const text = renderCatalogCheckTable(result);
  expect(text).toContain('  channel    stable  has 3033.2.0; since 3033.2.0, confirmed\n');
  expect(text).toContain('  channel    beta  none; linux/amd64 has 3033.2.0\n');
  expect(text).toContain('  channel    alpha  unknown (timeout)\n             no answer\n');
  expect(text).toContain('3 channels looked at');
  expect(renderCatalogCheckMarkdown(result)).toContain('| flatcar | beta | none; linux/amd64 has 3033.2.0 |');
});

test('a channel that lost the platform gives exit code 1', () => {
  const lostChannel = { kind: 'channel-lost', severity: 'error' as const, why: 'nothing for arm64' };
  expect(catalogCheckOutcomeOf(catalogCheckResult([checkedProduct({ findings: [lostChannel] })]))).toEqual({
    code: 1,
    reason: 'a channel lost its platform',
  });
});
