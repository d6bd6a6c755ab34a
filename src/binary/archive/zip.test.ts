import { deflateRawSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { writeElf } from '../../fixture/index.ts';
import { type ZipSpec, zipOf } from '../archives.test-support.ts';
import type { FileFacts } from '../facts.ts';
import { inspectBytes, inspectFile } from '../inspect.ts';
import type { Limits } from '../limits.ts';
import { machineCodeIn } from '../machine-code.ts';

const x86 = writeElf({ machine: 'amd64', kind: 'library', soname: 'libx.so' });
const arm = writeElf({ machine: 'arm64', kind: 'library', soname: 'libx.so' });
const deflated = (name: string, data: Uint8Array): ZipSpec => ({
  name,
  data: deflateRawSync(data),
  method: 8,
  size: data.length,
});
const javaClass = Buffer.from('cafebabe00000041', 'hex');
/** Forces the way for zips too big to be kept. */
const streamed: Partial<Limits> = { wholeFileBytes: 16 };

function inPieces(bytes: Uint8Array, piece: number, limits: Partial<Limits>): FileFacts {
  const inspector = inspectFile({ path: 'app.jar', size: bytes.length }, limits);
  for (let at = 0; at < bytes.length; at += piece)
    inspector.write(Buffer.from(bytes.subarray(at, at + piece)));
  return inspector.finish();
}

const code = (facts: FileFacts): string[] =>
  machineCodeIn(facts).map(({ path, architecture }) => `${path} ${architecture}`);

describe.each([
  ['kept whole', {}],
  ['as it streams by', streamed],
])('a zip, %s', (_way, limits) => {
  test('field 18: the libraries of both machines are found in a jar, by content and not by name', () => {
    const jar = zipOf([
      { name: 'META-INF/', data: Buffer.alloc(0) },
      deflated('META-INF/MANIFEST.MF', Buffer.from('Manifest-Version: 1.0\n')),
      deflated('a/B.class', javaClass),
      deflated('linux/x86/libx.so', x86),
      { name: 'no-name-at-all', data: arm },
    ]);
    const facts = inspectBytes('app.jar', jar, limits);
    expect(code(facts)).toEqual(['linux/x86/libx.so amd64', 'no-name-at-all arm64']);
    expect(facts).toMatchObject({
      kind: 'archive',
      archive: { format: 'zip', entries: 5, skippedByName: 1 },
      nested: [{ facts: { kind: 'elf', elf: { soname: 'libx.so' } } }, {}],
    });
    expect(facts.problems).toBeUndefined();
  });

  test('sizes behind the data are no hindrance', () => {
    const jar = zipOf([
      { ...deflated('text', Buffer.alloc(90_000, 'long text ')), descriptor: true },
      { ...deflated('libx.so', x86), descriptor: true },
      { ...deflated('a/B.class', javaClass), descriptor: true },
      { ...deflated('liby.so', arm), descriptor: true },
    ]);
    const facts = inspectBytes('app.jar', jar, limits);
    expect(code(facts)).toEqual(['libx.so amd64', 'liby.so arm64']);
    expect(facts.problems).toBeUndefined();
  });

  test('jars inside are opened, and the path says the way', () => {
    const inner = zipOf([deflated('native/libx.so', x86)]);
    const jar = zipOf([{ name: 'lib/stored.jar', data: inner }, deflated('lib/packed.jar', inner)]);
    expect(code(inspectBytes('app.jar', jar, limits))).toEqual([
      'lib/stored.jar!/native/libx.so amd64',
      'lib/packed.jar!/native/libx.so amd64',
    ]);
  });

  test('the pieces it comes in make no difference', () => {
    const jar = zipOf([
      deflated('text', Buffer.alloc(9_000, 'abc')),
      { ...deflated('libx.so', x86), descriptor: true },
      { name: 'lib/inner.jar', data: zipOf([deflated('liby.so', arm)]) },
    ]);
    const whole = inspectBytes('app.jar', jar, limits);
    expect(code(whole)).toHaveLength(2);
    for (const piece of [1, 3, 100, 1_021]) expect(inPieces(jar, piece, limits)).toEqual(whole);
  });

  test('what is encrypted, or packed by another method, is named', () => {
    const jar = zipOf([
      { ...deflated('secret.so', x86), encrypted: true },
      { name: 'bzip2.so', data: Buffer.from('data'), method: 12 },
      deflated('libx.so', x86),
    ]);
    const facts = inspectBytes('app.jar', jar, limits);
    expect(code(facts)).toEqual(['libx.so amd64']);
    expect(facts.problems).toEqual([
      expect.objectContaining({ kind: 'unsupported', path: 'secret.so' }),
      expect.objectContaining({ kind: 'unsupported', path: 'bzip2.so' }),
    ]);
  });

  test('an entry the central directory does not name is called hidden', () => {
    const jar = zipOf([
      { ...deflated('hidden.so', x86), hidden: true },
      deflated('seen.txt', Buffer.from('hello')),
    ]);
    expect(inspectBytes('app.jar', jar, limits).problems).toContainEqual(
      expect.objectContaining({ kind: 'hidden', where: 'zip' }),
    );
  });

  test('damaged data is named, and the entries behind it are read', () => {
    const bad = { name: 'bad.so', data: Buffer.from('\x07\x07\x07\x07'), method: 8 as const, size: 500 };
    const facts = inspectBytes('app.jar', zipOf([bad, deflated('libx.so', x86)]), limits);
    expect(code(facts)).toEqual(['libx.so amd64']);
    expect(facts.problems).toContainEqual(expect.objectContaining({ kind: 'malformed', path: 'bad.so' }));
  });

  test('cut off in the middle, what came before is told and the cut as well', () => {
    const jar = zipOf([deflated('libx.so', x86), deflated('liby.so', arm)]);
    const facts = inspectBytes('app.jar', jar.subarray(0, jar.length - 300), limits);
    expect(code(facts)[0]).toBe('libx.so amd64');
    expect(facts.problems?.length).toBeGreaterThan(0);
  });
});

describe('two stories in one zip', () => {
  test('a name that is there twice', () => {
    const jar = zipOf([deflated('libx.so', arm), deflated('libx.so', x86)]);
    const facts = inspectBytes('app.jar', jar);
    expect(code(facts)).toEqual(['libx.so arm64', 'libx.so amd64']);
    expect(facts.problems).toContainEqual(expect.objectContaining({ kind: 'hidden' }));
  });

  test('another name in the local header', () => {
    const jar = zipOf([{ ...deflated('libx.so', arm), localName: 'liby.so' }]);
    expect(inspectBytes('app.jar', jar).problems).toContainEqual(expect.objectContaining({ kind: 'hidden' }));
  });

  test('entries that overlap are not read twice', () => {
    const jar = zipOf([deflated('a', Buffer.alloc(5_000)), deflated('b', Buffer.alloc(5_000))]);
    // The second entry of the directory points at the first one's data.
    const second = jar.lastIndexOf('PK\x01\x02');
    jar.writeUInt32LE(0, second + 42);
    expect(inspectBytes('app.jar', jar).problems).toContainEqual(
      expect.objectContaining({ kind: 'hidden', message: expect.stringContaining('overlaps') }),
    );
  });
});

describe('a zip behind something else', () => {
  test('a script, as Python’s zipapp and Spring Boot write it', () => {
    const app = zipOf([deflated('libx.so', x86)], Buffer.from('#!/usr/bin/env python3\n'));
    const facts = inspectBytes('app.pyz', app);
    expect(facts).toMatchObject({ kind: 'script', script: { program: ['python3'] } });
    expect(code(facts)).toEqual(['libx.so amd64']);
  });

  test('a program', () => {
    const facts = inspectBytes('app', zipOf([deflated('libx.so', x86)], Buffer.from(arm)));
    expect(code(facts)).toEqual([' arm64', 'libx.so amd64']);
  });

  test('other data: it is named, not opened', () => {
    const facts = inspectBytes('app', zipOf([deflated('libx.so', x86)], Buffer.from('\0\0binary')));
    expect(facts).toMatchObject({ kind: 'data', problems: [{ kind: 'unsupported', where: 'payload' }] });
  });
});

describe('limits', () => {
  test('archives nested too deep are named', () => {
    let jar = zipOf([{ name: 'libx.so', data: x86 }]);
    for (let level = 4; level > 0; level--) jar = zipOf([{ name: `${level}.jar`, data: jar }]);
    const facts = inspectBytes('0.jar', jar);
    expect(code(facts)).toEqual([]);
    expect(facts.problems).toEqual([
      expect.objectContaining({ kind: 'limit', path: '1.jar!/2.jar!/3.jar!/4.jar' }),
    ]);
  });

  test('entries beyond the limit are not read, and it is said', () => {
    const jar = zipOf(Array.from({ length: 30 }, (_, at) => ({ name: `f${at}`, data: Buffer.from('x') })));
    expect(inspectBytes('a.jar', jar, { entries: 10 }).problems).toContainEqual(
      expect.objectContaining({ kind: 'limit' }),
    );
  });

  test('a bomb is left where its ratio, or the bytes it inflates to, pass the limit', () => {
    // An ELF header makes the entry one that is read whole.
    const bomb = deflateRawSync(Buffer.concat([x86, Buffer.alloc(40 * 1024 * 1024)]));
    const entry = { name: 'bomb.so', data: bomb, method: 8 as const, size: 40 * 1024 * 1024 + x86.length };
    const started = performance.now();
    const byRatio = inspectBytes('a.jar', zipOf([entry]));
    expect(byRatio.problems).toContainEqual(expect.objectContaining({ kind: 'limit', path: 'bomb.so' }));
    expect(code(byRatio)).toEqual(['bomb.so amd64']);
    const bySum = inspectBytes('a.jar', zipOf([entry]), { ratio: 2_000, inflatedBytes: 1024 * 1024 });
    expect(bySum.problems).toContainEqual(expect.objectContaining({ kind: 'limit', path: 'bomb.so' }));
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  test('a bomb of text costs no more than its first bytes', () => {
    const text = { ...deflated('zeros.txt', Buffer.alloc(30 * 1024 * 1024, 'a')) };
    const jar = zipOf(Array.from({ length: 300 }, (_, at) => ({ ...text, name: `${at}.txt` })));
    const started = performance.now();
    expect(inspectBytes('a.jar', jar).problems).toBeUndefined();
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});
