import { describe, expect, test } from 'vitest';
import { writeElf } from '../fixture/index.ts';
import { peOf, wasmOf } from './archives.test-support.ts';
import type { FileFacts } from './facts.ts';
import { inspectBytes, inspectFile } from './inspect.ts';
import { holdsMachineCode, machineCodeIn } from './machine-code.ts';

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');

describe('what is none of our business costs no facts', () => {
  test.each([
    ['an empty file', '', { kind: 'empty' }],
    ['a text', 'hello\n', { kind: 'text' }],
    ['data', 'a\0b', { kind: 'data' }],
    ['a Java class', '\xca\xfe\xba\xbe\0\0\0\x41', { kind: 'java-class' }],
    ['LLVM bitcode', 'BC\xc0\xde....', { kind: 'bitcode' }],
    ['a Java class archive', '\xa2\xba\x0b\xf0....', { kind: 'unopened', format: 'java-cds' }],
    ['a text that begins like a program', 'MZ is the mark of a DOS program', { kind: 'data' }],
  ])('%s', (_what, content, facts) => {
    expect(inspectBytes('file', latin1(content))).toEqual(facts);
    expect(holdsMachineCode(inspectBytes('file', latin1(content)))).toBe(false);
  });
});

test.each([
  ['xz', '\xfd7zXZ\0'],
  ['zstd', '\x28\xb5\x2f\xfd'],
  ['bzip2', 'BZh91AY&SY'],
  ['7z', '7z\xbc\xaf\x27\x1c'],
  ['rpm', '\xed\xab\xee\xdb'],
  ['cpio', '070701'],
  ['squashfs', 'hsqs'],
])('%s is named as not opened', (format, magic) => {
  expect(inspectBytes('file', latin1(`${magic}more bytes`))).toMatchObject({
    kind: 'unopened',
    format,
    problems: [{ kind: 'unsupported', where: format }],
  });
});

describe('PE', () => {
  const readyToRun = { flags: 0, readyToRun: true };
  test.each([
    ['amd64 of Windows', peOf(0x8664), 'windows/amd64', 'none'],
    ['arm64 of Windows', peOf(0xaa64), 'windows/arm64', 'none'],
    ['arm64ec', peOf(0xa641), 'windows/arm64', 'none'],
    ['intermediate language for any machine', peOf(0x014c, { flags: 1 }), 'windows/386', 'il'],
    ['ReadyToRun for Linux on amd64', peOf(0xfd1d, readyToRun), 'linux/amd64', 'ready-to-run'],
    ['ReadyToRun for Linux on arm64', peOf(0xd11d, readyToRun), 'linux/arm64', 'ready-to-run'],
    ['ReadyToRun for macOS on arm64', peOf(0xaa64 ^ 0x4644, readyToRun), 'darwin/arm64', 'ready-to-run'],
    ['managed and native mixed', peOf(0x8664, { flags: 0 }), 'windows/amd64', 'mixed'],
  ])('%s', (_what, file, platform, managed) => {
    const facts = inspectBytes('a.dll', file);
    const [os, architecture] = platform.split('/');
    expect(facts).toMatchObject({ kind: 'pe', pe: { architecture, os, managed } });
    expect(holdsMachineCode(facts)).toBe(managed !== 'il');
    expect(facts.problems).toBeUndefined();
  });

  test('managed code whose header is missing is unknown, not intermediate language', () => {
    const file = peOf(0x8664, { flags: 1 });
    expect(inspectBytes('a.dll', file.subarray(0, 0x210))).toMatchObject({
      pe: { managed: 'unknown' },
      problems: [{ kind: 'malformed', where: 'CLR header' }],
    });
  });

  test('a machine nobody knows stays unknown', () => {
    expect(machineCodeIn(inspectBytes('a.dll', peOf(0x1234)))).toMatchObject([{ architecture: 'unknown' }]);
  });
});

describe('Mach-O', () => {
  test('thin, in either byte order', () => {
    const thin = Buffer.alloc(32);
    thin.writeUInt32LE(0xfeed_facf, 0);
    thin.writeUInt32LE(0x0100_000c, 4);
    expect(inspectBytes('a', thin)).toMatchObject({ macho: { fat: false, machines: [{ name: 'arm64' }] } });
  });

  test('fat, each machine listed', () => {
    const fat = Buffer.alloc(48);
    fat.writeUInt32BE(0xcafe_babe, 0);
    fat.writeUInt32BE(2, 4);
    fat.writeUInt32BE(0x0100_0007, 8);
    fat.writeUInt32BE(0x0100_000c, 28);
    expect(machineCodeIn(inspectBytes('a', fat))).toMatchObject([
      { os: 'darwin', architecture: 'amd64' },
      { os: 'darwin', architecture: 'arm64' },
    ]);
  });
});

describe('WebAssembly', () => {
  test('sections compiled for a machine are told by their names', () => {
    const facts = inspectBytes(
      'filter.wasm',
      wasmOf([
        { name: 'name', bytes: 10 },
        { name: 'precompiled_v8_v9.5_linux_x86_64', bytes: 5_000 },
      ]),
    );
    expect(facts).toMatchObject({
      wasm: {
        form: 'module',
        customSections: ['name', 'precompiled_v8_v9.5_linux_x86_64'],
        precompiled: [{ architecture: 'amd64' }],
      },
    });
    expect(machineCodeIn(facts)).toEqual([
      { path: '', offset: 0, format: 'wasm', os: 'any', architecture: 'amd64' },
    ]);
  });

  test('a plain module holds no machine code', () => {
    expect(holdsMachineCode(inspectBytes('a.wasm', wasmOf([{ name: 'producers', bytes: 3 }])))).toBe(false);
  });

  test('a section beyond the end is a problem, and what came before stays', () => {
    const cut = wasmOf([
      { name: 'name', bytes: 10 },
      { name: 'x_x86_64', bytes: 100 },
    ]).subarray(0, 60);
    expect(inspectBytes('a.wasm', cut)).toMatchObject({
      wasm: { customSections: ['name'], precompiled: [] },
      problems: [{ kind: 'malformed', where: 'sections' }],
    });
  });
});

describe('ELF inside other files', () => {
  const x86 = writeElf({ machine: 'amd64' });
  const arm = writeElf({ machine: 'arm64' });

  test('behind a script, at the offset where it begins', () => {
    const script = Buffer.from('#!/bin/sh\ntail -n +3 "$0" > /tmp/x\nexec /tmp/x\n');
    const facts = inspectBytes('install.sh', Buffer.concat([script, x86, arm]));
    expect(facts).toMatchObject({
      kind: 'script',
      embedded: [
        { offset: script.length, architecture: 'amd64' },
        { offset: script.length + x86.length, architecture: 'arm64' },
      ],
    });
    expect(machineCodeIn(facts).map(({ offset }) => offset)).toEqual([
      script.length,
      script.length + x86.length,
    ]);
  });

  test('wherever the pieces are cut', () => {
    const bytes = Buffer.concat([Buffer.alloc(2_000, 'some text\n'), x86]);
    const wanted = inspectBytes('a', bytes);
    expect(wanted).toMatchObject({ kind: 'text', embedded: [{ offset: 2_000 }] });
    for (let cut = 1_990; cut < 2_070; cut++) {
      const inspector = inspectFile({ path: 'a', size: bytes.length });
      inspector.write(bytes.subarray(0, cut));
      inspector.write(bytes.subarray(cut));
      expect(inspector.finish()).toEqual(wanted);
    }
  });

  test('in a program: the program’s own header does not count', () => {
    expect(inspectBytes('a', Buffer.concat([arm, x86]))).toMatchObject({
      kind: 'elf',
      embedded: [{ offset: arm.length, architecture: 'amd64' }],
    });
  });

  test('the magic in a text or among constants is no program', () => {
    const text = `${'magic: \x7fELF\x02\x01\x01 and so on '.repeat(50)}`;
    expect(inspectBytes('a', latin1(text))).toEqual({ kind: 'text' });
  });

  test('more of them than are listed are counted', () => {
    const facts = inspectBytes(
      'a',
      Buffer.concat([Buffer.from('data\0'), ...Array.from({ length: 50 }, () => x86)]),
    );
    expect(facts.embedded).toHaveLength(32);
    expect(facts.embeddedOmitted).toBe(18);
  });

  test('payloads of AppImage and PyInstaller are named as not opened', () => {
    const app = Buffer.from(arm);
    app.write('AI\x02', 8, 'latin1');
    const packed = Buffer.concat([
      arm,
      Buffer.alloc(500),
      latin1('MEI\x0c\x0b\x0a\x0b\x0e'),
      Buffer.alloc(80),
    ]);
    for (const [bytes, name] of [
      [app, 'AppImage'],
      [packed, 'PyInstaller'],
    ] as const)
      expect(inspectBytes('a', bytes).problems).toEqual([
        expect.objectContaining({ kind: 'unsupported', message: expect.stringContaining(name) }),
      ]);
  });
});

describe('the first line of a script', () => {
  test.each([
    ['#!/bin/sh\n', { interpreter: '/bin/sh' }],
    ['#! /bin/sh -e \n', { interpreter: '/bin/sh', argument: '-e' }],
    ['#!/usr/bin/perl -w -T\n', { interpreter: '/usr/bin/perl', argument: '-w -T' }],
    ['#!/usr/bin/env python3\n', { interpreter: '/usr/bin/env', argument: 'python3', program: ['python3'] }],
    [
      '#!/usr/bin/env -S node --max-old-space-size=64\n',
      {
        interpreter: '/usr/bin/env',
        argument: '-S node --max-old-space-size=64',
        program: ['node', '--max-old-space-size=64'],
      },
    ],
    [
      '#!/usr/bin/env -S A=1 "my tool" x\n',
      { interpreter: '/usr/bin/env', argument: '-S A=1 "my tool" x', program: ['my tool', 'x'] },
    ],
    // What env would make of these depends on more than the line.
    ['#!/usr/bin/env -S $TOOL\n', { interpreter: '/usr/bin/env', argument: '-S $TOOL' }],
    ['#!/usr/bin/env -i\n', { interpreter: '/usr/bin/env', argument: '-i' }],
    // Linux passes everything behind the interpreter as one argument: env looks for "python3 -u".
    [
      '#!/usr/bin/env python3 -u\n',
      { interpreter: '/usr/bin/env', argument: 'python3 -u', program: ['python3 -u'] },
    ],
    ['#!/usr/bin/env bash\r\n', { interpreter: '/usr/bin/env', argument: 'bash\r', program: ['bash\r'] }],
    ['#!/bin/bash -e\r\n', { interpreter: '/bin/bash', argument: '-e\r' }],
  ])('%j', (line, script) => {
    expect(inspectBytes('a', Buffer.from(`${line}echo\n`))).toEqual({ kind: 'script', script });
  });

  test('without an interpreter it is a text', () => {
    expect(inspectBytes('a', Buffer.from('#!\necho\n'))).toEqual({ kind: 'text' });
  });
});

test('more or fewer bytes than announced are taken as they are', () => {
  const x86 = writeElf({ machine: 'amd64' });
  const inspect = (size: number): FileFacts => {
    const inspector = inspectFile({ path: 'a', size });
    for (let at = 0; at < x86.length; at += 50) inspector.write(x86.subarray(at, at + 50));
    return inspector.finish();
  };
  expect(inspect(0)).toMatchObject({ kind: 'elf' });
  expect(inspect(10)).toMatchObject({ kind: 'elf' });
  expect(inspect(1e15)).toMatchObject({ kind: 'elf', elf: { linkage: 'static' } });
});
