import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { algorithmOf, DigestChecker, digestOf, isDigest, parseDigest, verifyDigest } from './digest.ts';
import { DocumentError } from './errors.ts';

const bytes = new TextEncoder().encode('armload');

function codeOf(action: () => void): string {
  try {
    action();
  } catch (error) {
    if (error instanceof DocumentError) return error.code;
    throw error;
  }
  return 'nothing';
}

test.each(['sha256', 'sha512'] as const)('a %s digest is what the algorithm says', (algorithm) => {
  const digest = digestOf(bytes, algorithm);
  expect(digest).toBe(`${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`);
  expect(algorithmOf(digest)).toBe(algorithm);
  expect(parseDigest(digest)).toBe(digest);
  expect(codeOf(() => verifyDigest(bytes, digest, bytes.length))).toBe('nothing');
});

test.each([
  '',
  'sha256',
  'sha256:',
  `sha256:${'a'.repeat(63)}`,
  `sha256:${'a'.repeat(65)}`,
  `sha256:${'A'.repeat(64)}`,
  `sha256:${'g'.repeat(64)}`,
  `sha256:${'a'.repeat(64)}\n`,
  `sha512:${'a'.repeat(64)}`,
  `sha384:${'a'.repeat(96)}`,
  `SHA256:${'a'.repeat(64)}`,
  `constructor:${'a'.repeat(64)}`,
  `__proto__:${'a'.repeat(64)}`,
  'a'.repeat(64),
])('%j is no digest', (text) => {
  expect(isDigest(text)).toBe(false);
  expect(codeOf(() => parseDigest(text))).toBe('DIGEST_UNSUPPORTED');
});

describe('a checker', () => {
  test('takes the content in any chunks', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array()), (chunks) => {
        const whole = Buffer.concat(chunks);
        const checker = new DigestChecker(digestOf(whole), whole.length);
        for (const chunk of chunks) checker.update(chunk);
        expect(codeOf(() => checker.finish())).toBe('nothing');
      }),
    );
  });

  test('notices any changed byte', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1 }),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (content, at, by) => {
          const digest = digestOf(content);
          const changed = Uint8Array.from(content);
          const index = at % content.length;
          changed[index] = (changed[index] ?? 0) ^ by;
          expect(codeOf(() => verifyDigest(changed, digest))).toBe('DIGEST_MISMATCH');
        },
      ),
    );
  });

  test('stops at the first byte too many, and does not wait for the end', () => {
    const checker = new DigestChecker(digestOf(bytes), bytes.length);
    checker.update(bytes);
    expect(codeOf(() => checker.update(new Uint8Array(1)))).toBe('SIZE_MISMATCH');
  });

  test('says so where bytes are missing', () => {
    expect(codeOf(() => verifyDigest(bytes.subarray(1), digestOf(bytes), bytes.length))).toBe(
      'SIZE_MISMATCH',
    );
  });

  test('names both digests', () => {
    const other = digestOf(new Uint8Array());
    expect(() => verifyDigest(bytes, other)).toThrow(
      `content has digest ${digestOf(bytes)}, expected ${other}`,
    );
  });
});
