import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { writeElf } from '../fixture/index.ts';
import { inspectBytes, inspectFile } from './inspect.ts';
import { Scratch } from './scratch.ts';

const MiB = 1024 * 1024;
const elf = (architecture: 'arm64' | 'amd64') => writeElf({ machine: architecture, needed: ['libc.so.6'] });
const files = [
  elf('arm64'),
  gzipSync(elf('amd64')),
  Buffer.concat([Buffer.from('#!/bin/sh\n'), elf('arm64')]),
  // Beyond what is kept whole, so that head, tail and the ranges named by its headers are.
  Buffer.concat([elf('amd64'), Buffer.alloc(17 * MiB, 1)]),
  Buffer.from('a text'),
  elf('amd64'),
];

test('files looked at in one memory, one after the other, have the facts they have alone', () => {
  const scratch = new Scratch();
  for (const file of [...files, ...files.toReversed()]) {
    const alone = inspectBytes('file', file);
    expect(inspectBytes('file', file, { scratch })).toEqual(alone);
    const inspector = inspectFile({ path: 'file', size: file.length }, { scratch });
    for (let at = 0; at < file.length; at += 100_000) inspector.write(file.subarray(at, at + 100_000));
    expect(inspector.finish()).toEqual(alone);
  }
});

test("what was taken is nobody else's until all is free again", () => {
  const scratch = new Scratch();
  const first = scratch.take(10 * MiB)?.fill(1);
  const second = scratch.take(6 * MiB)?.fill(2);
  expect(scratch.take(1)).toBeUndefined();
  expect([first?.at(-1), second?.at(0)]).toEqual([1, 2]);
  scratch.reset();
  expect(scratch.take(16 * MiB)?.length).toBe(16 * MiB);
});

test('a file at once and in pieces has the same facts, the ends of zips and programs inside told', () => {
  const inside = elf('arm64');
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  for (const file of [
    Buffer.concat([Buffer.from('text '), inside]),
    Buffer.concat([Buffer.from([1, 0, 2]), inside, Buffer.alloc(50)]),
    Buffer.concat([Buffer.alloc(3000, 65), end]),
    Buffer.concat([Buffer.alloc(3000, 65), end, Buffer.from('x')]),
    end.subarray(0, 21),
    Buffer.concat([Buffer.from('a'), end]),
  ]) {
    const inspector = inspectFile({ path: 'file', size: file.length });
    inspector.write(file.subarray(0, 2000));
    inspector.write(file.subarray(2000));
    expect(inspectBytes('file', file)).toEqual(inspector.finish());
  }
});
