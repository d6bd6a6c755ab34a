import fc from 'fast-check';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { image, imageIn, scanResult, workload } from '../../test/support/scan-result.ts';
import { canonical, type ScanResult, scanResultSchema } from '../results/index.ts';
import { renderJson } from './json.ts';

const uses = [
  { source: 'kubernetes' as const, file: 'b.yaml', line: 3, workload: 'Deployment b', container: 'app' },
  { source: 'kubernetes' as const, file: 'a.yaml', line: 10, column: 4 },
  { source: 'kubernetes' as const, file: 'a.yaml', line: 9 },
  { source: 'argument' as const },
];
const sample = scanResult({
  images: [
    image('docker.io/library/c:1', { uses, written: ['c:1', 'docker.io/library/c:1'] }),
    imageIn('unknown'),
    imageIn('missing'),
  ],
  workloads: [
    workload('Deployment b', { line: 2 }),
    workload('Deployment a', {
      line: 2,
      ready: false,
      images: ['docker.io/library/missing:1', 'docker.io/library/unknown:1'],
      blockers: [
        { reference: 'docker.io/library/missing:1', readiness: { state: 'missing' } },
        { reference: 'docker.io/library/unknown:1', readiness: { state: 'unknown', reason: 'timeout' } },
      ],
    }),
    workload('service z', { file: 'compose.yaml', source: 'compose' }),
  ],
  problems: [
    { file: 'x.yaml', line: 2, message: 'b' },
    { file: 'x.yaml', line: 2, message: 'a' },
    { file: 'w.yaml', message: 'c' },
  ],
});

function shuffled<Item>(items: readonly Item[], order: readonly number[]): Item[] {
  return items
    .map((item, index) => ({ item, key: order[index % order.length] ?? 0 }))
    .sort((left, right) => left.key - right.key)
    .map(({ item }) => item);
}

function shuffleResult(result: ScanResult, order: readonly number[]): ScanResult {
  return {
    ...result,
    problems: shuffled(result.problems, order),
    workloads: shuffled(result.workloads, order).map((one) => ({
      ...one,
      images: shuffled(one.images, order),
      blockers: shuffled(one.blockers, order),
    })),
    images: shuffled(result.images, order).map((one) => ({
      ...one,
      uses: shuffled(one.uses, order),
      written: shuffled(one.written, order),
      platforms: shuffled(one.platforms, order),
    })),
  };
}

test('field 24: the JSON is what its schema says', () => {
  const document: unknown = JSON.parse(renderJson(sample));
  expect(scanResultSchema.parse(document)).toEqual(document);
  expect(Object.keys(z.toJSONSchema(scanResultSchema).properties ?? {})).toEqual(
    Object.keys(document as object),
  );
});

test('field 24: the order in which things were found does not show in the JSON', () => {
  const expected = renderJson(sample);
  fc.assert(
    fc.property(fc.array(fc.nat(1000), { minLength: 4, maxLength: 8 }), (order) => {
      expect(renderJson(canonical(shuffleResult(sample, order)))).toBe(expected);
    }),
  );
});

test('field 24: images are sorted by reference, uses by file, line and column', () => {
  const document = scanResultSchema.parse(JSON.parse(renderJson(sample)));
  expect(document.images.map(({ reference }) => reference)).toEqual([
    'docker.io/library/c:1',
    'docker.io/library/missing:1',
    'docker.io/library/unknown:1',
  ]);
  expect(document.images[0]?.uses.map(({ file, line }) => `${file}:${line}`)).toEqual([
    'undefined:undefined',
    'a.yaml:9',
    'a.yaml:10',
    'b.yaml:3',
  ]);
});

test('no control, direction or invisible character is written raw, and none is lost', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
      const result = scanResult({ problems: [{ file: text, message: text }] });
      const json = renderJson(result);
      expect(json.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      expect(JSON.parse(json)).toEqual(result);
    }),
  );
});

test('the document ends with a newline and is indented by two spaces', () => {
  expect(renderJson(scanResult({}))).toMatch(/^\{\n {2}"schemaVersion": 1,\n[\s\S]*\n\}\n$/);
});
