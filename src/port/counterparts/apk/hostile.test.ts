import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { file, symlink } from '../../../fixture/index.ts';
import type { TarMember } from '../../../tar/index.ts';
import { PackagesError } from '../shared/packages/errors.ts';
import { tarOf, viewOf } from '../shared/packages/scene.test-support.ts';
import { defaultUnpackLimits, unpack } from '../shared/packages/unpack.ts';
import { apkOf, headOf, indexOf, keyName, keyPem, type MadeApk, sha1, signed } from './apk.test-support.ts';
import { apkFiles } from './database.ts';
import { firstMember } from './gzip-members.ts';
import { type ApkOffer, readIndex } from './index-file.ts';
import { packageEntries } from './package-entries.ts';
import { readApk } from './package-file.ts';
import { parseRecords } from './records.ts';
import { readKeys } from './signature.ts';

const folder = mkdtempSync(join(tmpdir(), 'armload-apk-'));
afterAll(() => rmSync(folder, { recursive: true }));
const keys = readKeysFrom(keyPem);
const owners = { user: () => undefined, group: () => undefined };
let made: MadeApk;
let index: Buffer;
beforeAll(async () => {
  const files = [file('usr/bin/tool', 'code'), symlink('usr/bin/t', 'tool')];
  made = await apkOf({ name: 'tool', architecture: 'aarch64', files });
  index = await indexOf([made]);
});

function readKeysFrom(pem: string | Buffer): ReturnType<typeof readKeys> {
  const none = {
    list: () => [],
    resolve: () => ({ found: false, reason: 'missing', path: '', through: [] }),
  };
  return readKeys(none as never, 'aarch64', [{ path: keyName, bytes: Buffer.from(pem) }]);
}

const read = (bytes: Uint8Array, allowUnsigned = false): Promise<readonly ApkOffer[]> =>
  readIndex(bytes, { folder: 'http://example.org/aarch64', keys, allowUnsigned });

const damage = fc.record({
  changes: fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }),
  length: fc.option(fc.nat()),
});
interface Damage {
  readonly changes: readonly (readonly [number, number])[];
  readonly length: number | null;
}
function damaged(bytes: Uint8Array, { changes, length }: Damage): Buffer {
  const copy = Buffer.from(bytes);
  for (const [at, value] of changes) copy[at % copy.length] = value;
  return length === null ? copy : copy.subarray(0, length % copy.length);
}

describe('damaged bytes', () => {
  test('of an index give what was signed, or an error with a reason', async () => {
    const honest = JSON.stringify(await read(index));
    await fc.assert(
      fc.asyncProperty(damage, async (how) => {
        try {
          expect(JSON.stringify(await read(damaged(index, how)))).toBe(honest);
        } catch (error) {
          expect(error).toBeInstanceOf(PackagesError);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('of a package give what the index promised, or an error with a reason', async () => {
    const [offer] = await read(index);
    if (offer === undefined) throw new TypeError('nothing is offered');
    const path = join(folder, 'damaged.apk');
    await fc.assert(
      fc.asyncProperty(damage, async (how) => {
        writeFileSync(path, damaged(made.bytes, how));
        try {
          const apk = await readApk(path, { offer, keys });
          const paths: string[] = [];
          for await (const entry of packageEntries(path, apk, { name: 'x', owners })) paths.push(entry.path);
          expect(paths).toEqual(['usr', 'usr/bin', 'usr/bin/t', 'usr/bin/tool']);
        } catch (error) {
          expect(error).toBeInstanceOf(PackagesError);
        }
      }),
      { numRuns: 200 },
    );
  });

  test('of a record are read or refused', () => {
    const text = Buffer.from('P:a\nV:1\nF:usr\nR:b\nZ:Q1AA==\n\nP:c\nV:2\n\n');
    fc.assert(
      fc.property(damage, (how) => {
        try {
          parseRecords(damaged(text, how), 'x');
        } catch (error) {
          expect(error).toBeInstanceOf(PackagesError);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

test('only one member of gzip is inflated, and no more of it than is wanted', () => {
  const [one, other] = [gzipSync('one'), gzipSync('other')];
  const first = firstMember(Buffer.concat([one, other]), { name: 'x', maxBytes: 100 });
  expect([Buffer.from(first.content).toString(), first.stored]).toEqual(['one', one.length]);
  const bomb = gzipSync(Buffer.alloc(1_000_000));
  expect(() => firstMember(bomb, { name: 'x', maxBytes: 1000 })).toThrow(/more than the limit/);
  for (const bad of ['', '\x1f\x8b', 'ADB.', 'text', '\x1f\x8b\x08\x04\0\0\0\0\0\0\xff\xff'])
    expect(() => firstMember(Buffer.from(bad, 'latin1'), { name: 'x', maxBytes: 1000 })).toThrow(
      PackagesError,
    );
});

test('an index that is signed does not vouch for what is put before or behind the signature', async () => {
  const evil = await indexOf([{ ...made, spec: { ...made.spec, version: '9' } }], { by: 'nobody' });
  const start = firstMember(index, { name: 'x', maxBytes: 1_000_000 }).stored;
  const [signature, rest] = [index.subarray(0, start), index.subarray(start)];
  for (const bytes of [
    Buffer.concat([signature, rest, evil]),
    Buffer.concat([signature, evil]),
    Buffer.concat([evil, index]),
    Buffer.concat([signature, signature, rest]),
  ])
    await expect(read(bytes)).rejects.toThrow(PackagesError);
});

test('a key that is short, or none, may sign nothing', async () => {
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 });
  const elliptic = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  for (const { publicKey } of [weak, elliptic])
    expect(readKeysFrom(publicKey.export({ type: 'spki', format: 'pem' })).size).toBe(0);
  expect(readKeysFrom('no key').size).toBe(0);
});

test('keys are those that the image trusts, and those that its own package of keys has for the target', async () => {
  const files = [
    file('etc/apk/keys/here.rsa.pub', keyPem),
    file('usr/share/apk/keys/there.rsa.pub', keyPem),
    symlink('usr/share/apk/keys/aarch64/there.rsa.pub', '../there.rsa.pub'),
    file('usr/share/apk/keys/riscv64/other.rsa.pub', keyPem),
  ];
  const view = await viewOf([files], apkFiles);
  expect([...readKeys(view, 'aarch64', []).keys()].sort()).toEqual(['here.rsa.pub', 'there.rsa.pub']);
});

test('packages with names that lead elsewhere are not offered', async () => {
  const names = ['../x', 'a/b', 'a b', '', '..', 'a%2f'];
  const text = names.map((name) => `${headOf(made).join('\n').replace('P:tool', `P:${name}`)}\n\n`).join('');
  const bytes = await signed(gzipSync(await tarOf([file('APKINDEX', text)])));
  expect(await read(bytes)).toEqual([]);
});

test('files that lead out of the root, are of a strange kind, or not what the package says are refused', async () => {
  const unpacked = async (member: TarMember): Promise<unknown> => {
    const data = gzipSync(await tarOf([member]));
    const path = join(folder, `${sha1(data).toString('hex')}.data`);
    writeFileSync(path, data);
    const apk = { info: new Map(), scripts: new Map(), dataOffset: 0, dataBytes: data.length, sha256: '' };
    return unpack(packageEntries(path, apk, { name: 'x', owners }), {
      ...{ bodies: `${path}.bodies`, name: 'x', limits: { ...defaultUnpackLimits, bytes: 1000 } },
    });
  };
  const pax = new Map([['APK-TOOLS.checksum.SHA1', '0'.repeat(40)]]);
  for (const member of [
    file('../../etc/passwd', 'x'),
    { name: 'a', type: 'hardlink', linkName: 'not-there' } as const,
    { ...file('a', 'x'), pax },
    file('a', 'x'.repeat(2000)),
  ])
    await expect(unpacked(member)).rejects.toThrow(PackagesError);
  expect(await unpacked(file('a', 'x'))).toMatchObject([{ path: 'a', sha1: sha1('x').toString('hex') }]);
});
