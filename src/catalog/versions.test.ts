import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  compareVersions,
  covers,
  isAskedFor,
  isDevelopmentTag,
  isInRange,
  isPrerelease,
  readScope,
  readVersion,
} from './versions.ts';

describe('a tag is read as the version that it names', () => {
  test.each([
    ['1.2.3', '1.2.3', undefined],
    ['v1.2.3', '1.2.3', undefined],
    ['1.27', '1.27.0', undefined],
    ['1.27-alpine', '1.27.0', 'alpine'],
    ['1.15.0-distroless', '1.15.0', 'distroless'],
    ['2.0.0-beta', '2.0.0-beta', undefined],
    ['2.3.0-rc1', '2.3.0-rc.1', undefined],
    ['2.3.0-rc.10-alpine', '2.3.0-rc.10', 'alpine'],
    ['1.0.0beta2', '1.0.0-beta.2', undefined],
    ['3033.2.0', '3033.2.0', undefined],
    ['2022.03.01', '2022.3.1', undefined],
    ['1.2.3.4', '1.2.3', undefined],
    ['2.9.0-1', '2.9.0', '1'],
  ])('%s', (tag, version, variant) => {
    expect(readVersion(tag)?.semver.version).toBe(version);
    expect(readVersion(tag)?.variant).toBe(variant);
  });

  test.each(['latest', 'stable', 'edge', '1a2b3c4', '2024-01-05', '', 'v', 'x'.repeat(200), '1.2.3.4.5'])(
    '%s names none',
    (tag) => {
      expect(readVersion(tag)).toBeUndefined();
    },
  );
});

test('versions are ordered as numbers, candidates before the release, four numbers by the fourth', () => {
  const tags = ['1.2.3-rc2', '1.2.3-rc10', '1.2.3', '1.2.3.4', '1.2.10', '1.10.0'];
  const versions = tags.flatMap((tag) => readVersion(tag) ?? []);
  expect([...versions].reverse().sort(compareVersions)).toEqual(versions);
});

test('a version that says too little for a range is neither in nor out', () => {
  const version = readVersion('2.3');
  expect(version && isInRange(version, '>=2.3.0')).toBe(true);
  expect(version && isInRange(version, '<2.3.0')).toBe(false);
  expect(version && isInRange(version, '>=2.3.4')).toBeUndefined();
});

test('candidates and development builds are told from releases', () => {
  expect(
    ['1.0.0-rc.1', '2.0.0-nightly', '1.0.0', '1.0.0-alpine'].map((tag) => isPrerelease(readVersion(tag)!)),
  ).toEqual([true, true, false, false]);
  expect(['edge', 'main', 'nightly-20240101', 'latest', 'alpine', 'domain'].map(isDevelopmentTag)).toEqual([
    true,
    true,
    true,
    false,
    false,
    false,
  ]);
});

describe('what is said of a range holds for', () => {
  test.each([
    [undefined, '>=2.0.0', true],
    [undefined, '<2.0.0', false],
    [undefined, undefined, true],
    ['2.0.5', '<2.3.0', true],
    ['v2.3.0', '<2.3.0', false],
    ['2.3.0-rc1', '<2.3.0', true],
    ['<1.15', '<1.15.0', true],
    ['<1.16', '<1.15.0', false],
    ['1.15', '>=1.15.0', true],
    ['1.x', '>=1.15.0', false],
  ])('%s and %s: %s', (asked, range, expected) => {
    const scope = readScope(asked);
    expect(scope && covers(range, scope)).toBe(expected);
  });
});

test.each(['', 'newest', '1.2.3 or so', '>='.repeat(3)])('"%s" is neither a version nor a range', (text) => {
  expect(readScope(text)).toBeUndefined();
});

test('only versions that are asked about count', () => {
  const scope = readScope('2.0.5')!;
  expect(
    ['2.0.5', 'v2.0.5', '2.0.5-alpine', '2.0', '2.0.6'].map((tag) => isAskedFor(readVersion(tag), scope)),
  ).toEqual([true, true, true, false, false]);
  expect(isAskedFor(undefined, scope)).toBe(false);
});

test('no text makes the readers throw', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string({ maxLength: 40 }), fc.stringMatching(/^[v\d.<>=^~|x* -]{0,30}$/)),
      (text) => {
        const version = readVersion(text);
        const scope = readScope(text);
        if (version !== undefined)
          expect(typeof isInRange(version, '>=1.2.3 <2')).toMatch(/boolean|undefined/);
        if (scope !== undefined) expect(typeof covers('>=1.0.0', scope)).toBe('boolean');
      },
    ),
    { numRuns: 400 },
  );
});
