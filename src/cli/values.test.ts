import { expect, test } from 'vitest';
import { auditFailOnWords, failOnWords } from '../report/index.ts';
import { readAge, readChoice, readCount, readFailOn, readFormat, readPlatform, readSize } from './values.ts';

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

test('words to fail on come separated by commas, repeated, or not at all', () => {
  expect(readFailOn(['missing,pinned', 'constraint'], '--fail-on', failOnWords)).toEqual([
    'missing',
    'pinned',
    'constraint',
  ]);
  expect(readFailOn(['none'], '--fail-on', failOnWords)).toEqual([]);
  for (const wrong of ['ready', '', 'missing,none', 'mising,', 'warning']) {
    expect(() => readFailOn([wrong], '--fail-on', failOnWords), wrong).toThrow(
      expect.objectContaining({ code: 'USAGE' }),
    );
  }
});

test('an audit fails on severities and verdicts, of which "right" is none', () => {
  const read = (text: string) => readFailOn([text], '--fail-on', auditFailOnWords);
  expect(read('warning, mislabelled')).toEqual(['warning', 'mislabelled']);
  expect(() => read('eror')).toThrow(expect.objectContaining({ hint: 'Did you mean "error"?' }));
  expect(() => read('right')).toThrow('"right" is not a word to fail on');
});

test('a choice is one of its words', () => {
  const choice = { noun: 'means', words: ['native', 'docker'] } as const;
  expect(readChoice('docker', '--run-means', choice)).toBe('docker');
  expect(() => readChoice('dokcer', '--run-means', choice)).toThrow(
    expect.objectContaining({
      message: '--run-means "dokcer" is not a means',
      hint: 'Did you mean "docker"?',
    }),
  );
});

test.each([
  ['500MB', 500_000_000],
  ['2GiB', 2_147_483_648],
  ['1.5 gb', 1_500_000_000],
  ['1000000', 1_000_000],
  ['12B', 12],
])('%s is a size', (text, bytes) => {
  expect(readSize(text, '--max-bytes')).toBe(bytes);
});

test.each([
  '',
  '0',
  '0.1',
  '-1GB',
  '500M',
  'GB',
  '1e9',
  '1.5.5MB',
  '12 parsecs',
  '999999999999999TB',
  '５MB',
])('"%s" is no size: what it means would be a guess', (text) => {
  expect(() => readSize(text, '--max-bytes')).toThrow(
    expect.objectContaining({
      message: `--max-bytes "${text}" is not a size`,
      hint: 'Write it like 500MB or 2GiB.',
    }),
  );
});

test.each(['-1', '1.5', 'ten', '', '1e3', '99999999', '0'])('"%s" is no count', (text) => {
  expect(() => readCount(text, '--concurrency')).toThrow(`--concurrency "${text}" is not a whole number`);
});

test('a count may be limited from below at zero', () => {
  expect(readCount('0', '--max-requests', 0)).toBe(0);
  expect(readCount('100', '--max-requests', 0)).toBe(100);
});

test('ages are read in minutes, hours, days and weeks', () => {
  expect(['90m', '12h', '7d', '2w'].map((text) => readAge(text, '--older-than') / 60_000)).toEqual([
    90, 720, 10_080, 20_160,
  ]);
  for (const wrong of ['', '7', '0d', '-1d', '1y', '1.5d', '123456d'])
    expect(() => readAge(wrong, '--older-than')).toThrow('not an age');
});
