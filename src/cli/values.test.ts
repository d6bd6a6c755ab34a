import { expect, test } from 'vitest';
import { readCount, readFailOn, readFormat, readPlatform } from './values.ts';

test.each([
  ['linux/arm64', { os: 'linux', architecture: 'arm64' }],
  ['arm64', { os: 'linux', architecture: 'arm64' }],
  ['linux/aarch64', { os: 'linux', architecture: 'arm64' }],
  ['linux/arm/v6', { os: 'linux', architecture: 'arm', variant: 'v6' }],
])('%s is a platform', (text, expected) => {
  expect(readPlatform(text, '--platform')).toEqual(expected);
});

test.each([
  ['linux/amr64', 'there is no architecture "amr64"', 'Did you mean "arm64"?'],
  ['linus/arm64', 'there is no operating system "linus"', 'Did you mean "linux"?'],
  ['arm64/linux', 'the wrong way round', 'Did you mean "linux/arm64"?'],
  ['linux/arm64/best', '"best" is not a variant', 'Write it like linux/arm64.'],
  ['', 'not os/architecture', 'Write it like linux/arm64.'],
  ['a/b/c/d', 'not os/architecture', 'Write it like linux/arm64.'],
])('"%s" would make every verdict wrong, so it is refused', (text, problem, hint) => {
  expect(() => readPlatform(text, '--platform')).toThrow(
    expect.objectContaining({ code: 'USAGE', message: expect.stringContaining(problem), hint }),
  );
});

test('a format is one of the list', () => {
  expect(readFormat('json', '--format').name).toBe('json');
  expect(() => readFormat('jsno', '--format')).toThrow(
    expect.objectContaining({ message: '--format "jsno" is not a format', hint: 'Did you mean "json"?' }),
  );
});

test('states to fail on come separated by commas, repeated, or not at all', () => {
  expect(readFailOn(['missing,pinned', 'constraint'], '--fail-on')).toEqual([
    'missing',
    'pinned',
    'constraint',
  ]);
  expect(readFailOn(['none'], '--fail-on')).toEqual([]);
  for (const wrong of ['ready', '', 'missing,none', 'mising,']) {
    expect(() => readFailOn([wrong], '--fail-on'), wrong).toThrow(expect.objectContaining({ code: 'USAGE' }));
  }
});

test.each(['-1', '1.5', 'ten', '', '1e3', '99999999', '0'])('"%s" is no count', (text) => {
  expect(() => readCount(text, '--concurrency')).toThrow(`--concurrency "${text}" is not a whole number`);
});

test('a count may be limited from below at zero', () => {
  expect(readCount('0', '--max-requests', 0)).toBe(0);
  expect(readCount('100', '--max-requests', 0)).toBe(100);
});
