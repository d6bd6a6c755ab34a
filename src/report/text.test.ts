import fc from 'fast-check';
import { expect, test } from 'vitest';
import { describeShare, describeSize, plainText, shorten, wrap } from './text.ts';

test('escape sequences, control, direction and invisible characters never pass', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
      expect(plainText(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    }),
  );
});

test.each([
  ['a colour', 'a\u001b[31mred', 'ared'],
  ['a window title', 'a\u001b]0;owned\u0007b', 'ab'],
  ['a line break', 'first\r\nsecond', 'first second'],
  ['an 8-bit control sequence', 'a\u009b2Jb', 'ab'],
  ['a lone backspace', 'ab\b\b', 'ab\ufffd\ufffd'],
  ['a direction override', 'a\u202eb', 'a\ufffdb'],
])('%s is taken out or made visible', (_name, text, expected) => {
  expect(plainText(text)).toBe(expected);
});

test('ordinary text in any language stays as it is', () => {
  expect(plainText('изображение 画像 – « ok »')).toBe('изображение 画像 – « ok »');
});

test('a huge text is cut, and says by how much', () => {
  expect(plainText('x'.repeat(5000))).toMatch(/^x{4096}… \(904 more characters\)$/);
});

test('lines break at spaces, and a long word stays whole', () => {
  const reference = `registry.example.com/${'team/'.repeat(20)}app:1`;
  expect(wrap(`use ${reference} instead of that`, 20)).toEqual(['use', reference, 'instead of that']);
});

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [999.6, '1 KB'],
  [1500, '1.5 KB'],
  [2_000_000, '2 MB'],
  [479_600_000, '480 MB'],
  [999_700_000, '1 GB'],
  [9.96e9, '10 GB'],
  [5e15, '5000 TB'],
])('%d bytes are told as %s', (bytes, text) => {
  expect(describeSize(bytes)).toBe(text);
});

test('a share is told in the unit of the whole', () => {
  expect(describeShare(0, 480_000_000)).toBe('0 of 480 MB');
  expect(describeShare(1_234_000, 2_000_000)).toBe('1.2 of 2 MB');
});

test('a text is shortened between characters, not within one', () => {
  expect(shorten('abc', 3)).toBe('abc');
  expect(shorten('a𐍈𐍈', 3)).toBe('a𐍈…');
  expect(shorten('a𐍈𐍈', 4)).toBe('a𐍈…');
});
