import { expect, test } from 'vitest';
import type { PlannedStep } from '../../plan/types.ts';
import { hiddenForms, hideSecrets } from './secrets.ts';
import { parseValues } from './values.ts';

const secrets = new Map([['token', 'correct horse']]);
const parse = (text: string | Uint8Array, values: readonly string[]) =>
  parseValues(typeof text === 'string' ? Buffer.from(text) : text, {
    step: { values } as unknown as PlannedStep,
    secrets,
  });

test('lines of names and values, which may hold anything but line breaks', () => {
  expect(parse('a=1\n\nb=x = y\r\nc=\n', ['a', 'b', 'c'])).toEqual({ a: '1', b: 'x = y', c: '' });
});

test.each([
  ['a value that is missing', '', /did not write the value "a"/],
  ['one that nobody declared', 'b=1', /"b".*declares a/],
  ['one told twice', 'a=1\na=2', /"a" twice/],
  ['a line without a name', '=1', /line 1, which is no name=value/],
  ['a line that is none, whose text is not shown', 'a=1\nsecret thing', /line 2, which is no name=value/],
  ['a secret', 'a=correct horse', /"a" holds the secret "token"/],
  [
    'a secret in base64',
    `a=${Buffer.from('x:correct horse').toString('base64')}`,
    /holds the secret "token"/,
  ],
  ['a NUL', 'a=\0', /no UTF-8 text/],
  ['bytes that are no UTF-8', Buffer.from([0x61, 0x3d, 0xff]), /no UTF-8 text/],
])('%s is refused', (_what, text, message) => {
  expect(() => parse(text, ['a'])).toThrow(message);
});

test('a secret is hidden in the forms that programs print, wherever in base64 it stands', () => {
  const secret = 'correct horse\nbattery staple';
  const hidden = hiddenForms(new Map([['token', secret]]));
  const forms = [
    secret,
    'battery staple',
    encodeURIComponent(secret),
    Buffer.from(secret).toString('hex'),
    ...['', 'u:', 'us:', 'use:'].map((user) => Buffer.from(`${user}${secret}`).toString('base64')),
  ];
  for (const form of forms) {
    const shown = hideSecrets(`it is ${form}!`, hidden);
    expect(shown).not.toContain(form);
    // Of base64 only what a neighbouring byte has a part in may be left.
    expect(shown.replaceAll('[secret]', '').length).toBeLessThan(20);
  }
});
