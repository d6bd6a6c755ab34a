import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KeyTable } from './key-table.ts';

function winner(keys: readonly string[], registry: string, repository = 'team/app'): string | undefined {
  return new KeyTable(keys.map((key) => [key, key] as const)).find({ registry, repository })?.key;
}

describe('keys of auth files', () => {
  test.each([
    ['https://index.docker.io/v1/', 'docker.io'],
    ['index.docker.io', 'docker.io'],
    ['docker.io', 'docker.io'],
    ['https://ghcr.io/v2/', 'ghcr.io'],
    ['ghcr.io/v1/', 'ghcr.io'],
    ['http://localhost:5000', 'localhost:5000'],
    ['GHCR.io', 'ghcr.io'],
    ['[::1]:5000', '[::1]:5000'],
    ['https://quay.io/v1/team', 'quay.io'],
    ['quay.io/team/app', 'quay.io'],
    ['*.example.com', 'reg.example.com'],
    ['eu-*.pkg.dev', 'eu-docker.pkg.dev'],
    ['*', 'localhost'],
  ])('%s is for %s', (key, registry) => {
    expect(winner([key], registry)).toBe(key);
  });

  test.each([
    ['ghcr.io', 'ghcr.io:443'],
    ['localhost:5000', 'localhost'],
    ['quay.io/te', 'quay.io'],
    ['quay.io/team/app/more', 'quay.io'],
    ['*.example.com', 'example.com'],
    ['*.example.com', 'a.b.example.com'],
    ['*.com', 'example.com:5000'],
    ['example.com', 'example.com.evil.net'],
    ['xample.com', 'example.com'],
    ['a*a.io', 'a.io'],
  ])('%s is not for %s', (key, registry) => {
    expect(winner([key], registry)).toBeUndefined();
  });

  test('the longest path wins, whatever the order', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(['h.io', 'h.io/team', 'h.io/team/app', '*.io/team/app']), (keys) => {
        const expected = ['h.io/team/app', 'h.io/team', 'h.io', '*.io/team/app'].find((key) =>
          keys.includes(key),
        );
        expect(winner(keys, 'h.io')).toBe(expected);
      }),
    );
  });

  test('a plain host wins over a glob', () => {
    expect(winner(['*.example.com', 'reg.example.com'], 'reg.example.com')).toBe('reg.example.com');
  });

  test('a star stands for any run of characters in one label', () => {
    const label = fc.stringMatching(/^[a-z0-9]{1,8}$/);
    fc.assert(
      fc.property(label, label, label, (a, b, c) => {
        expect(winner([`${a}*${c}.io`], `${a}${b}${c}.io`)).toBeDefined();
        expect(winner([`*${b}*.io`], `${a}${b}${c}.io`)).toBeDefined();
        expect(winner([`${a}*${c}.io`], `${a}.${c}.io`)).toBeUndefined();
      }),
    );
  });

  test('hostile keys cost no time', () => {
    const keys = [
      '/'.repeat(200_000),
      `${'*'.repeat(100_000)}x`,
      ':'.repeat(200_000),
      `h.io${'/'.repeat(200_000)}x`,
    ];
    expect(winner(keys, `${'a'.repeat(5000)}.io`)).toBeUndefined();
  });
});
