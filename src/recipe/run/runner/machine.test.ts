import { describe, expect, test } from 'vitest';
import { inspectBytes } from '../../../binary/index.ts';
import { elfHeader } from '../run.test-support.ts';
import { machineAnswer } from './machine.ts';

const answer = (bytes: Uint8Array, wanted: 'arm64' | 'amd64' | 'none', path = 'out') =>
  machineAnswer(inspectBytes(path, bytes), wanted);

/** A tar archive of small files. */
function tar(files: Readonly<Record<string, Buffer>>): Buffer {
  const blocks = Object.entries(files).flatMap(([name, content]) => {
    const header = Buffer.alloc(512);
    header.write(name);
    header.write('0000755\0'.repeat(1), 100);
    header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124);
    header.write('00000000000\0', 136);
    header.write('        0', 148);
    header.write('ustar\x0000', 257, 'latin1');
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    return [header, content, Buffer.alloc((512 - (content.length % 512)) % 512)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

describe('a program', () => {
  test.each([
    ['arm64', 'arm64', true],
    ['amd64', 'arm64', false],
    ['amd64', 'amd64', true],
  ] as const)('for %s where %s is wanted: %s', (machine, wanted, ok) => {
    expect(answer(elfHeader(machine), wanted).ok).toBe(ok);
  });

  test('where none is wanted is told with its machine', () => {
    expect(answer(elfHeader('amd64'), 'none')).toEqual({
      ok: false,
      why: 'it holds machine code for linux/amd64, and should hold none',
    });
  });
});

describe('a text', () => {
  test('is no program', () => {
    expect(answer(Buffer.from('#!/bin/sh\necho\n'), 'arm64')).toMatchObject({
      ok: false,
      why: expect.stringContaining('no machine code'),
    });
    expect(answer(Buffer.from('hello\n'), 'none')).toMatchObject({ ok: true });
  });
});

describe('an archive', () => {
  const arm64 = elfHeader('arm64');

  test('is for the machine that all code in it is for', () => {
    expect(answer(tar({ 'bin/a': arm64, 'share/b': Buffer.from('text') }), 'arm64')).toMatchObject({
      ok: true,
    });
  });

  test('with code for another machine is not, and says which', () => {
    const mixed = tar({ 'bin/a': arm64, 'bin/b': elfHeader('amd64') });
    expect(answer(mixed, 'arm64')).toEqual({
      ok: false,
      why: 'it is for linux/amd64 (bin/b in it), and should be for linux/arm64',
    });
  });

  test('that is not opened is not known', () => {
    const xz = Buffer.concat([Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]), Buffer.alloc(64, 7)]);
    expect(answer(xz, 'arm64').ok).toBeUndefined();
    expect(answer(xz, 'none').ok).toBeUndefined();
  });
});
