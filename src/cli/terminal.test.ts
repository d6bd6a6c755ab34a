import { expect, test } from 'vitest';
import { FakeSink } from '../../test/support/fake-io.ts';
import { isInteractive, wantsColor } from './terminal.ts';

const terminal = new FakeSink({ isTTY: true });
const file = new FakeSink();

test.each([
  [terminal, {}, true],
  [file, {}, false],
  [terminal, { NO_COLOR: '1' }, false],
  [terminal, { NO_COLOR: '' }, true],
  [terminal, { TERM: 'dumb' }, false],
  [file, { FORCE_COLOR: '1' }, true],
  [terminal, { FORCE_COLOR: '0' }, false],
  [file, { FORCE_COLOR: '1', NO_COLOR: '1' }, true],
])('colours %#: %o gives %s', (sink, environment, expected) => {
  expect(wantsColor(sink, environment as Record<string, string>)).toBe(expected);
});

test.each([
  [terminal, {}, true],
  [file, {}, false],
  [terminal, { CI: 'true' }, false],
  [terminal, { CI: 'false' }, true],
  [terminal, { TERM: 'dumb' }, false],
])('a rewritten line %#: %o gives %s', (sink, environment, expected) => {
  expect(isInteractive(sink, environment as Record<string, string>)).toBe(expected);
});
