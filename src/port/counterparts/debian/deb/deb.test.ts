import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ArmloadError } from '../../../../core/index.ts';
import { fieldOf } from '../control.ts';
import { bytesOf, piecesOf, tarOf } from '../parts.test-support.ts';
import { storedXz } from '../xz/xz.test-support.ts';
import { arOf, writeDeb } from './deb.test-support.ts';
import { type OpenDebOptions, openDeb } from './index.ts';

const fields = { Package: 'hello', Version: '2.10-3', Architecture: 'arm64' };
const format = ['debian-binary', Buffer.from('2.0\n')] as const;
const capability = Buffer.from('0100000200040000000000000000000000000000', 'hex');

async function entriesOf(bytes: Uint8Array, options: Partial<OpenDebOptions> = {}) {
  const deb = await openDeb(piecesOf(bytes), { name: 'hello.deb', ...options });
  const found: {
    path: string;
    text: string;
    mode: number;
    linkPath?: string;
    xattrs?: Readonly<Record<string, string>>;
  }[] = [];
  for await (const { path, linkPath, xattrs, entry } of deb.entries())
    found.push({
      path,
      text: (await bytesOf(entry.body)).toString(),
      mode: entry.mode,
      ...(linkPath === undefined ? {} : { linkPath }),
      ...(xattrs === undefined ? {} : { xattrs }),
    });
  return { control: deb.control, found };
}

async function codeOf(bytes: Uint8Array, options: Partial<OpenDebOptions> = {}): Promise<string> {
  const error = await entriesOf(bytes, options).catch((thrown: unknown) => thrown);
  if (!(error instanceof ArmloadError)) throw new Error(`no ArmloadError: ${String(error)}`);
  return `${error.code}: ${error.message}`;
}

function hello() {
  return writeDeb({
    fields,
    control: {
      conffiles: '/etc/hello.conf\nremove-on-upgrade /etc/old.conf\n',
      md5sums: '0123456789abcdef0123456789abcdef  usr/bin/hello\n',
      postinst: '#!/bin/sh\n',
    },
    files: [
      {
        name: './usr/bin/hello',
        mode: 0o4755,
        body: Buffer.from('program'),
        pax: new Map([['SCHILY.xattr.security.capability', capability]]),
      },
      { name: './usr/bin/hi', type: 'hardlink', linkName: './usr/bin/hello' },
      { name: './usr/bin/link', type: 'symlink', linkName: '../../etc/hello.conf' },
      { name: './etc/hello.conf', body: Buffer.from('greeting=hello') },
    ],
  });
}

describe('a package', () => {
  test('says what it is before its files come', async () => {
    const { control } = await entriesOf(await hello());
    expect(control).toMatchObject({
      name: 'hello',
      version: '2.10-3',
      architecture: 'arm64',
      conffiles: ['etc/hello.conf'],
    });
    expect(fieldOf(control.paragraph, 'package')).toBe('hello');
    expect(control.files.get('md5sums')?.toString()).toContain('usr/bin/hello');
    expect([...control.files.keys()]).toContain('postinst');
  });

  test('has its files with modes, links and capabilities', async () => {
    expect((await entriesOf(await hello())).found).toEqual([
      {
        path: 'usr/bin/hello',
        text: 'program',
        mode: 0o4755,
        xattrs: { 'security.capability': capability.toString('base64') },
      },
      { path: 'usr/bin/hi', text: '', mode: 0o644, linkPath: 'usr/bin/hello' },
      { path: 'usr/bin/link', text: '', mode: 0o777 },
      { path: 'etc/hello.conf', text: 'greeting=hello', mode: 0o644 },
    ]);
  });

  const zstd = 'KLUv/SQGMQAAaGVsbG8KO1OvpA==';
  test.each([
    ['xz', '.xz', storedXz],
    ['no compression', '', (bytes: Uint8Array) => bytes],
    ['gzip', '.gz', (bytes: Uint8Array) => gzipSync(bytes)],
  ])('may have members of %s, and members with an underscore between', async (_what, ending, pack) => {
    const control = await tarOf({
      name: 'control',
      body: Buffer.from('Package: x\nVersion: 1\nArchitecture: all\n'),
    });
    const data = await tarOf({ name: 'usr/x', body: Buffer.from('content') });
    const deb = arOf(
      format,
      ['_note', Buffer.from('odd')],
      [`control.tar${ending}`, pack(control)],
      [`data.tar${ending}/`, pack(data)],
      ['_more', Buffer.from('x')],
    );
    expect((await entriesOf(deb)).found).toMatchObject([{ path: 'usr/x', text: 'content' }]);
  });

  test('with a damaged zstd member is refused', async () => {
    expect(
      await codeOf(arOf(format, ['control.tar.zst', Buffer.from(zstd, 'base64').subarray(0, 8)])),
    ).toContain('DEBIAN_MALFORMED');
  });

  test('can be left early, and its input is let go', async () => {
    let closed = false;
    const bytes = await hello();
    async function* input(): AsyncGenerator<Uint8Array> {
      try {
        yield* piecesOf(bytes, 50);
      } finally {
        closed = true;
      }
    }
    const deb = await openDeb(input(), { name: 'hello.deb' });
    for await (const _ of deb.entries()) break;
    expect(closed).toBe(true);
  });
});

describe('what is refused', () => {
  test.each([
    ['no archive', Buffer.from('not a package at all'), 'it is no ar archive'],
    ['an empty file', Buffer.alloc(0), 'ends early'],
    ['another archive', arOf(['x.o', Buffer.from('x')]), 'it is no Debian package'],
    ['a newer format', arOf(['debian-binary', Buffer.from('3.0\n')]), 'DEBIAN_UNSUPPORTED'],
    ['no control tar', arOf(format), 'it has no control.tar'],
    [
      'data first',
      arOf(format, ['data.tar', Buffer.alloc(1024)]),
      'data.tar stands where control.tar was due',
    ],
    ['bzip2', arOf(format, ['control.tar.bz2', Buffer.from('BZh9')]), 'DEBIAN_UNSUPPORTED'],
  ])('%s', async (_what, bytes, text) => {
    expect(await codeOf(bytes)).toContain(text);
  });

  test('a path that leads out of the root', async () => {
    const deb = await writeDeb({ fields, files: [{ name: './../../etc/passwd', body: Buffer.from('x') }] });
    expect(await codeOf(deb)).toMatch(/DEBIAN_MALFORMED.*path-escapes/);
  });

  test('a file that is not what its index says, at the latest at its end', async () => {
    const bytes = await hello();
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    await expect(entriesOf(bytes, { expected: { sha256, size: bytes.length } })).resolves.toBeDefined();
    expect(await codeOf(bytes, { expected: { sha256, size: bytes.length + 1 } })).toContain('DEBIAN_HASH');
    expect(
      await codeOf(Buffer.concat([bytes, Buffer.alloc(60)]), { expected: { sha256, size: bytes.length } }),
    ).toMatch(/DEBIAN_(?:HASH|MALFORMED)/);
  });

  test('content far beyond its size, and too many entries', async () => {
    const deb = await writeDeb({ fields, files: [{ name: 'zeros', body: Buffer.alloc(8 * 1024 * 1024) }] });
    expect(await codeOf(deb, { limits: { ratioFreeBytes: 1024 * 1024, ratio: 100 } })).toContain(
      'DEBIAN_LIMIT',
    );
    expect(await codeOf(deb, { limits: { dataBytes: 1024 } })).toContain('DEBIAN_LIMIT');
    expect(await codeOf(deb, { limits: { controlBytes: 1024 } })).toContain('DEBIAN_LIMIT');
    const many = await writeDeb({
      fields,
      files: Array.from({ length: 20 }, (_, at) => ({ name: `f${at}` })),
    });
    expect(await codeOf(many, { limits: { entries: 10 } })).toContain('TAR_LIMIT');
  });

  test('a cut at any place, and any changed byte: an error, never a hang', async () => {
    const bytes = await hello();
    for (let length = 0; length < bytes.length - 1; length += 7)
      expect(await codeOf(bytes.subarray(0, length))).toMatch(/^(?:DEBIAN|TAR)_/);
    const property = fc.asyncProperty(
      fc.nat(bytes.length - 1),
      fc.integer({ min: 1, max: 255 }),
      async (at, mask) => {
        const bad = Buffer.from(bytes);
        bad[at] = (bad[at] ?? 0) ^ mask;
        const thrown: unknown = await entriesOf(bad).then(
          () => undefined,
          (error: unknown) => error,
        );
        if (thrown !== undefined) expect(thrown).toBeInstanceOf(ArmloadError);
      },
    );
    await fc.assert(property, { numRuns: 150 });
  });
});
