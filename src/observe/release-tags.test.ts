import { describe, expect, test } from 'vitest';
import { firstVersion, newestReleases, tagOfVersion, tagsOfVersion } from './release-tags.ts';

const newest = (tags: readonly string[], form?: string) => newestReleases(tags, { most: 1, form })[0];

describe('the newest release', () => {
  test.each([
    ['of numbers, not letters', ['v1.9.0', 'v1.10.0', 'v1.2.0'], 'v1.10.0'],
    ['is stable', ['v2.0.0-rc.1', 'v2.0.0-beta1', '2.0.0rc1', 'v2.1.0-alpha', '1.9.0'], '1.9.0'],
    ['is no moving tag', ['latest', 'stable', '3', '2', '1.4', '1.4.2'], '1.4.2'],
    ['is no variant', ['1.4.2-alpine', '1.4.3-distroless', '1.4.1'], '1.4.1'],
    [
      'is no commit, date or signature',
      ['20260101', '1234567', '1.2.3-abcdef', `sha256-${'a'.repeat(64)}.sig`, '1.0.0'],
      '1.0.0',
    ],
    ['has two numbers where none has three', ['1.26', '1.27', '3.0-rc1'], '1.27'],
  ])('%s', (_name, tags, expected) => {
    expect(newest(tags)).toBe(expected);
  });

  test('is of the form that the product gives its tags', () => {
    const tags = ['v3.1.0', '3.2.0', 'v3.1.0-debug', 'v3.1.9-debug', 'release-3.3.0'];
    expect(newest(tags, 'v{version}')).toBe('v3.1.0');
    expect(newest(tags, 'v{version}-debug')).toBe('v3.1.9-debug');
    expect(newest(tags, 'release-{version}')).toBe('release-3.3.0');
    expect(newest(tags, '{version}-alpine')).toBeUndefined();
  });

  test('is none where there is none', () => {
    expect(newest([])).toBeUndefined();
    expect(newest(['latest', 'main'])).toBeUndefined();
  });

  test('can be several, newest first', () => {
    expect(newestReleases(['1.0.0', '1.2.0', '1.10.0', '0.9.0'], { most: 3 })).toEqual([
      '1.10.0',
      '1.2.0',
      '1.0.0',
    ]);
  });
});

test('a version has the tag of its form, or with or without a v', () => {
  expect(tagsOfVersion('1.15.0', undefined)).toEqual(['1.15.0', 'v1.15.0']);
  expect(tagsOfVersion('1.15.0', 'v{version}-distroless')).toEqual(['v1.15.0-distroless']);
  expect(tagOfVersion(['1.15', 'v1.15.0', '1.15.1'], '1.15.0', undefined)).toBe('v1.15.0');
  expect(tagOfVersion(['1.15', '1.15.1'], '1.15.0', undefined)).toBeUndefined();
});

test('a range begins with its first version, where it has one', () => {
  expect(firstVersion('>=1.15.0')).toBe('1.15.0');
  expect(firstVersion('^2.3 || >=4')).toBe('2.3.0');
  expect(firstVersion('<2')).toBeUndefined();
  expect(firstVersion('*')).toBeUndefined();
});
