import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatRecord, parseRecord, recordHash, sha256In } from './record.ts';

describe('RECORD', () => {
  test('is read with quoted names, whatever ends its lines', () => {
    const text = 'a.py,sha256=x,1\r\n"b, ""c"".py",,\n\nd.py,,2';
    expect(parseRecord(text)).toEqual([
      { path: 'a.py', hash: 'sha256=x', size: '1' },
      { path: 'b, "c".py', hash: '', size: '' },
      { path: 'd.py', hash: '', size: '2' },
    ]);
    for (const bad of ['"open', '"a"b,,\n', ',,\n']) expect(parseRecord(bad)).toBeUndefined();
  });

  test('is read back as it was written', () => {
    const field = fc.string({ unit: 'grapheme' });
    const line = fc.record({ path: fc.string({ minLength: 1 }), hash: field, size: field });
    fc.assert(
      fc.property(fc.array(line), fc.constantFrom('\n' as const, '\r\n' as const), (lines, end) => {
        expect(parseRecord(formatRecord(lines, end))).toEqual(lines);
      }),
    );
  });

  test('never takes long, or fails, on what is none', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('"', ',', '\n', '\r', 'a') }), (text) => {
        const lines = parseRecord(text);
        if (lines !== undefined) expect(parseRecord(formatRecord(lines, '\n'))).toEqual(lines);
      }),
    );
    expect(parseRecord('"'.repeat(1_000_001))).toBeUndefined();
  });

  test('gives sums as hexadecimal, of SHA-256 alone', () => {
    const sum = 'ab'.repeat(32);
    expect(sha256In({ hash: recordHash(sum) })).toBe(sum);
    expect(sha256In({ hash: `${recordHash(sum)}=` })).toBe(sum);
    for (const hash of ['', 'md5=abc', 'sha256=short', recordHash(sum).replace('sha256', 'sha512')])
      expect(sha256In({ hash })).toBeUndefined();
  });
});
