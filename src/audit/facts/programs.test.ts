import { describe, expect, test } from 'vitest';
import { executable, file, type Machine, writeElf } from '../../fixture/index.ts';
import { factsOf, kindsOf, program } from './facts.test-support.ts';

function alignedTo(align: number, machine: Machine = 'arm64'): Uint8Array {
  return writeElf({ machine, interpreter: true, needed: ['libc.so.6'], align });
}

/** Marks the code of a static program as a section, as linkers do. */
function withSection(code: readonly number[]): Uint8Array {
  const words = Buffer.alloc(code.length * 4);
  for (const [at, word] of code.entries()) words.writeUInt32LE(word, at * 4);
  const bytes = Buffer.from(writeElf({ machine: 'arm64', code: words }));
  const start = bytes.indexOf(words);
  const table = Buffer.alloc(128);
  table.writeUInt32LE(1, 64 + 4);
  table.writeBigUInt64LE(6n, 64 + 8);
  table.writeBigUInt64LE(BigInt(start), 64 + 24);
  table.writeBigUInt64LE(BigInt(words.length), 64 + 32);
  bytes.writeBigUInt64LE(BigInt(bytes.length), 40);
  for (const [at, value] of [64, 2, 0].entries()) bytes.writeUInt16LE(value, 58 + at * 2);
  return Buffer.concat([bytes, table]);
}

describe('page-alignment', () => {
  test('segments aligned to 4 KiB are named with their file and layer', async () => {
    const [finding, ...rest] = await factsOf({
      layers: [[executable('bin/ok', program)], [executable('app', alignedTo(0x1000))]],
    });
    expect(rest).toEqual([]);
    expect(finding).toMatchObject({
      kind: 'page-alignment',
      severity: 'note',
      path: '/app',
      layer: { index: 1 },
      found: 'segments aligned to 4 KiB',
    });
    expect(finding?.why).toMatch(/64 KiB.*16 KiB/);
  });

  test('segments aligned to 16 KiB keep it from hosts with 64 KiB only', async () => {
    const [finding] = await factsOf({ layers: [[executable('app', alignedTo(0x4000))]] });
    expect(finding).toMatchObject({ found: 'segments aligned to 16 KiB' });
    expect(finding?.why).not.toContain('16 KiB');
  });

  test('addresses that do not fit their places count, whatever the alignment says', async () => {
    expect(kindsOf(await factsOf({ layers: [[executable('app', alignedTo(0x2_0000))]] }))).toEqual([
      'page-alignment',
    ]);
  });

  test.each([
    ['amd64 images, whose pages have 4 KiB', 'linux/amd64', alignedTo(0x1000, 'amd64')],
    ['files of other machines', 'linux/arm64', alignedTo(0x1000, 'amd64')],
    ['right files', 'linux/arm64', alignedTo(0x1_0000)],
  ])('nothing is said of %s', async (_what, platform, bytes) => {
    expect(await factsOf({ platform, layers: [[executable('app', bytes)]] })).toEqual([]);
  });

  test('what the image starts, and its libraries, come first with their role', async () => {
    const library = writeElf({ machine: 'arm64', kind: 'library', align: 0x1000 });
    const findings = await factsOf(
      {
        layers: [
          [file('a.so', library), file('lib/z.so', library), executable('usr/bin/app', alignedTo(0x1000))],
        ],
      },
      { starts: 'usr/bin/app', libraries: ['lib/z.so'] },
    );
    expect(findings.map(({ path, role }) => [path, role])).toEqual([
      ['/usr/bin/app', 'entrypoint'],
      ['/lib/z.so', 'library'],
      ['/a.so', undefined],
    ]);
  });

  test('a file with several names is one finding, by the name that is used', async () => {
    const layer = [
      executable('a', alignedTo(0x1000)),
      { name: 'b', type: 'hardlink' as const, linkName: 'a' },
      { name: 'c', type: 'hardlink' as const, linkName: 'a' },
    ];
    const pathsOf = async (starts?: string) =>
      (await factsOf({ layers: [layer] }, starts === undefined ? {} : { starts })).map(({ path }) => path);
    expect(await pathsOf()).toEqual(['/a']);
    expect(await pathsOf('b')).toEqual(['/b']);
  });
});

test('jemalloc-page-size: a jemalloc of the right machine is a note', async () => {
  const jemalloc = Buffer.from('<jemalloc>: Unsupported system page size\n');
  const layers = [
    [
      executable('app', Buffer.concat([program, jemalloc])),
      executable('x86', Buffer.concat([writeElf({ machine: 'amd64' }), jemalloc])),
    ],
  ];
  expect(await factsOf({ layers })).toMatchObject([
    { kind: 'jemalloc-page-size', severity: 'note', path: '/app' },
  ]);
  expect(await factsOf({ layers, platform: 'linux/amd64' })).toEqual([]);
});

test('needs-lse: unguarded atomics of Armv8.1 are a note, atomics of any arm64 are not', async () => {
  const [ldadd, ldaxr, ret] = [0xb820_0041, 0x885f_fc41, 0xd65f_03c0];
  const layers = [
    [
      executable('new', withSection([...Array.from({ length: 10 }, () => ldadd), ret])),
      executable('old', withSection([ldaxr, ret])),
    ],
  ];
  expect(await factsOf({ layers })).toMatchObject([{ kind: 'needs-lse', severity: 'note', path: '/new' }]);
});
