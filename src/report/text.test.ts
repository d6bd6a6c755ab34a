import fc from 'fast-check';
import { expect, test } from 'vitest';
import { plainText, wrap } from './text.ts';

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
