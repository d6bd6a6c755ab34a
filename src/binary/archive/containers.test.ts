import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { writeElf } from '../../fixture/index.ts';
import { arOf, tarHeader, tarOf } from '../archives.test-support.ts';
import type { FileFacts } from '../facts.ts';
import { inspectBytes, inspectFile } from '../inspect.ts';
import { machineCodeIn } from '../machine-code.ts';

const x86 = writeElf({ machine: 'amd64' });
const arm = writeElf({ machine: 'arm64' });
const code = (facts: FileFacts): string[] =>
  machineCodeIn(facts).map(({ path, architecture }) => `${path} ${architecture}`);

function inPieces(path: string, bytes: Uint8Array, piece: number): FileFacts {
  const inspector = inspectFile({ path, size: bytes.length });
  for (let at = 0; at < bytes.length; at += piece)
    inspector.write(Buffer.from(bytes.subarray(at, at + piece)));
  return inspector.finish();
}

describe('tar and gzip', () => {
  const tar = tarOf([
    { name: 'readme', data: Buffer.from('text') },
    { name: 'bin/app', data: x86 },
    { name: 'bin/other', data: arm },
  ]);

  test.each([
    ['a tar', 'x.tar', tar, ''],
    ['a tar.gz', '/opt/x.tar.gz', gzipSync(tar), 'x.tar!/'],
    ['a tgz', 'x.tgz', gzipSync(tar), 'x.tar!/'],
  ])('the programs inside %s are found, whatever pieces it comes in', (_what, name, bytes, prefix) => {
    const facts = inspectBytes(name, bytes);
    expect(code(facts)).toEqual([`${prefix}bin/app amd64`, `${prefix}bin/other arm64`]);
    expect(facts.problems).toBeUndefined();
    for (const piece of [1, 97, 512]) expect(inPieces(name, bytes, piece)).toEqual(facts);
  });

  test('several gzip members are one file', () => {
    const cut = 700;
    const bytes = Buffer.concat([gzipSync(x86.subarray(0, cut)), gzipSync(x86.subarray(cut))]);
    const facts = inspectBytes('app.gz', bytes);
    expect(facts).toMatchObject({ archive: { format: 'gzip', entries: 2 }, nested: [{ path: 'app' }] });
    expect(code(facts)).toEqual(['app amd64']);
    expect(facts.problems).toBeUndefined();
    expect(inPieces('app.gz', bytes, 13)).toEqual(facts);
  });

  test('the name in the gzip header wins', () => {
    const named = Buffer.from(gzipSync(x86));
    named[3] = 8;
    const bytes = Buffer.concat([named.subarray(0, 10), Buffer.from('inner-name\0'), named.subarray(10)]);
    expect(code(inspectBytes('app.gz', bytes))).toEqual(['inner-name amd64']);
  });

  test('long names of GNU and pax are used', () => {
    const long = `deep/${'x'.repeat(150)}/app`;
    const body = (text: string): Buffer =>
      Buffer.concat([Buffer.from(text), Buffer.alloc(-text.length & 511)]);
    const record = ` path=${long}\n`;
    const pax = `${record.length + 3}${record}`;
    const file = [tarHeader('short', x86.length, '0'), x86, Buffer.alloc(-x86.length & 511)];
    const gnu = Buffer.concat([tarHeader('././@LongLink', long.length, 'L'), body(long), ...file]);
    const posix = Buffer.concat([tarHeader('PaxHeader', pax.length, 'x'), body(pax), ...file]);
    expect(code(inspectBytes('x.tar', gnu))).toEqual([`${long} amd64`]);
    expect(code(inspectBytes('x.tar', posix))).toEqual([`${long} amd64`]);
  });

  test('a tar that ends early, and one that goes wrong, say so', () => {
    expect(inspectBytes('x.tar', tar.subarray(0, 2_100)).problems).toContainEqual(
      expect.objectContaining({ kind: 'truncated', where: 'tar' }),
    );
    const wrong = Buffer.concat([tar.subarray(0, 1_024), Buffer.alloc(512, 'x')]);
    expect(inspectBytes('x.tar', wrong).problems).toContainEqual(
      expect.objectContaining({ kind: 'malformed', where: 'tar' }),
    );
  });

  test('a gzip that is cut says so where its content matters', () => {
    const packed = gzipSync(
      Buffer.concat([x86, Buffer.from(Array.from({ length: 5_000 }, (_, at) => (at * at) & 0xff))]),
    );
    expect(inspectBytes('app.gz', packed.subarray(0, packed.length - 20)).problems).toContainEqual(
      expect.objectContaining({ kind: 'truncated', where: 'gzip' }),
    );
  });

  test('a gzip of text costs and says next to nothing', () => {
    expect(inspectBytes('changelog.gz', gzipSync(Buffer.alloc(500_000, 'a line of text\n')))).toEqual({
      kind: 'archive',
      archive: { format: 'gzip', entries: 1 },
    });
  });

  test('a bomb of gzip in gzip ends at a limit', () => {
    let bytes: Uint8Array = Buffer.concat([x86, Buffer.alloc(60 * 1024 * 1024)]);
    for (let level = 0; level < 7; level++) bytes = gzipSync(bytes, { level: 9 });
    const started = performance.now();
    expect(inspectBytes('bomb.gz', bytes).problems?.map(({ kind }) => kind)).toContain('limit');
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});

describe('ar', () => {
  test('a static library tells the machines of its members', () => {
    const library = arOf([
      { name: '/', data: Buffer.from('table') },
      { name: 'a.o/', data: x86 },
      { name: 'b.o/', data: x86 },
      { name: 'c.o/', data: arm },
      { name: 'notes/', data: Buffer.from('x') },
    ]);
    const facts = inspectBytes('libx.a', library);
    expect(facts).toEqual({
      kind: 'library',
      library: {
        members: 4,
        machines: [
          { machine: { code: 62, name: 'x86-64' }, architecture: 'amd64', members: 2 },
          { machine: { code: 183, name: 'aarch64' }, architecture: 'arm64', members: 1 },
        ],
      },
    });
    for (const piece of [1, 60, 77]) expect(inPieces('libx.a', library, piece)).toEqual(facts);
  });

  test('a Debian package is opened down to its files', () => {
    const deb = arOf([
      { name: 'debian-binary', data: Buffer.from('2.0\n') },
      {
        name: 'control.tar.gz',
        data: gzipSync(tarOf([{ name: 'control', data: Buffer.from('Package: x') }])),
      },
      { name: 'data.tar.gz', data: gzipSync(tarOf([{ name: './usr/bin/x', data: x86 }])) },
    ]);
    const facts = inspectBytes('x.deb', deb);
    expect(facts).toMatchObject({ kind: 'archive', archive: { format: 'deb', entries: 3 } });
    expect(code(facts)).toEqual(['data.tar.gz!/data.tar!/./usr/bin/x amd64']);
  });

  test('a Debian package with an xz inside says that it was not opened', () => {
    const deb = arOf([
      { name: 'debian-binary', data: Buffer.from('2.0\n') },
      { name: 'data.tar.xz', data: Buffer.from('\xfd7zXZ\0abc', 'latin1') },
    ]);
    expect(inspectBytes('x.deb', deb).problems).toEqual([
      expect.objectContaining({ kind: 'unsupported', where: 'xz', path: 'data.tar.xz' }),
    ]);
  });

  test('a member that ends beyond the file', () => {
    const library = arOf([{ name: 'a.o/', data: x86 }]);
    expect(inspectBytes('libx.a', library.subarray(0, 100)).problems).toContainEqual(
      expect.objectContaining({ kind: 'truncated', where: 'ar' }),
    );
  });
});
