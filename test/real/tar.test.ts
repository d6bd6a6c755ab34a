// The tar codec against GNU tar and bsdtar: what they write is passed through byte for byte, what armload writes they read.
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, lstatSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RawMember, readTar, type TarEntry, type TarMember, writeTar } from '../../src/tar/index.ts';
import { canMakeDebianRoot, rootTimeout } from '../support/debian-root.ts';
import { type FileFact, factsOnDisk } from '../support/file-facts.ts';
import { honestLayers } from '../support/honest-image.ts';
import { gunzipped, type WrittenLayer } from '../support/layout-writer.ts';
import { exec, execIn, hasPrograms, temporaryFolder } from '../support/real-parts.ts';

const available =
  (await hasPrograms('tar', 'bsdtar', 'gzip', 'setcap', 'getcap', 'setfattr', 'getfattr')) &&
  process.getuid?.() === 0;
const hasDebian = available && (await canMakeDebianRoot());

const folder = temporaryFolder();
afterAll(() => folder.remove());
let files = 0;

/** Everything a tar can hold that is hard to hold. */
const tree = `
long=$(printf 'name-%.0s' $(seq 40)); mkdir -p "$long/$long/$long" plain/deep
echo deep >"$long/$long/$long/file"; ln -s "$long/$long/$long/file" link-to-long
echo one >plain/first; ln plain/first plain/second; ln plain/first "$long/third"
ln -s ../nowhere plain/broken; ln -s /absolute plain/absolute
echo é >'ünï códe'; printf x >"$(printf 'not\\377utf8')"; : >plain/empty
mkfifo plain/pipe; mknod plain/null c 1 3; mknod plain/loop b 7 300
echo s >plain/setuid; chmod 6755 plain/setuid; chmod 1777 plain/deep; chmod 000 plain/empty
echo o >plain/owner; chown 3000000:4000000 plain/owner; chown -h 7:70000 plain/broken
echo c >plain/capable; setcap cap_net_raw,cap_net_admin+ep plain/capable
echo a >plain/attributes; setfattr -n user.note -v 'text' plain/attributes
setfattr -n user.binary -v 0x00ff0a3d20 plain/attributes
truncate -s 3M plain/holes; printf middle | dd of=plain/holes bs=1 seek=1500000 conv=notrunc status=none
head -c 200000 /dev/urandom >plain/noise
touch -h -d @1700000000 plain/* plain "$long/third"; touch -d @-86400 plain/noise; touch -d @9000000000 plain/empty
`;

/** The two layers of the codec, one after the other, and nothing between them. */
async function throughCodec(input: AsyncIterable<Uint8Array>) {
  const [before, after] = [createHash('sha256'), createHash('sha256')];
  let entries = 0;
  async function* hashed(): AsyncGenerator<Uint8Array> {
    for await (const chunk of input) {
      before.update(chunk);
      yield chunk;
    }
  }
  const trailer: Uint8Array[] = [];
  async function* members(): AsyncGenerator<RawMember> {
    for await (const entry of readTar(hashed(), { onTrailer: (chunk) => trailer.push(chunk.slice()) })) {
      entries += 1;
      yield entry;
    }
  }
  for await (const chunk of writeTar(members(), { trailer })) after.update(chunk);
  return { entries, before: before.digest('hex'), after: after.digest('hex') };
}

describe.skipIf(!hasDebian)('the layers of a whole arm64 Debian', () => {
  let layers: readonly WrittenLayer[] = [];
  beforeAll(async () => {
    layers = await honestLayers();
  }, rootTimeout);

  test('come out byte for byte as they went in, more than 8,000 entries', async () => {
    let total = 0;
    for (const { file, diffId } of layers) {
      const { entries, before, after } = await throughCodec(gunzipped(file));
      expect(`sha256:${before}`).toBe(diffId);
      expect(after).toBe(before);
      total += entries;
    }
    expect(total).toBeGreaterThan(8000);
  });

  test('written anew from their facts, GNU tar and bsdtar list the same', async () => {
    for (const { file } of layers) {
      const rewritten = await write(rewrittenFrom(gunzipped(file)));
      for (const lister of ['tar', 'bsdtar'])
        expect(digestOf(await exec(lister, '--numeric-owner', '-tvf', rewritten))).toBe(
          digestOf(await exec(lister, '--numeric-owner', '-tvzf', file)),
        );
      rmSync(rewritten);
    }
  });
});

/** Lists of thousands of lines are compared as one word. */
function digestOf(text: string): string {
  return `${text.split('\n').length} lines ${createHash('sha256').update(text).digest('hex')}`;
}

/** Members with the facts of the entries, but no header of theirs. */
async function* rewrittenFrom(input: AsyncIterable<Uint8Array>): AsyncGenerator<TarMember> {
  for await (const entry of readTar(input)) yield memberOf(entry);
}

function memberOf(entry: TarEntry): TarMember {
  const { type, nameBytes, linkNameBytes, size, body, pax, ...facts } = entry;
  if (type === 'sparse' || type === 'other') throw new Error(`${entry.name} is ${type}`);
  const { mode, uid, gid, mtime, userName, groupName, deviceMajor, deviceMinor } = facts;
  const attributes = [...pax].filter(([key]) => key.startsWith('SCHILY.xattr.'));
  return {
    name: nameBytes,
    type,
    mode,
    uid,
    gid,
    mtime,
    userName,
    groupName,
    deviceMajor,
    deviceMinor,
    linkName: linkNameBytes,
    pax: new Map(attributes),
    ...(type === 'file' ? { size, body } : {}),
  };
}

async function write(members: AsyncIterable<TarMember> | Iterable<TarMember>): Promise<string> {
  const file = join(folder.path, `written-${files++}.tar`);
  await pipeline(writeTar(members), createWriteStream(file));
  return file;
}

/** As root, with owners, rights, times and attributes. */
const extractors = {
  tar: ['tar', '--numeric-owner', '--xattrs', '--xattrs-include=*', '-xpf'],
  bsdtar: ['bsdtar', '--numeric-owner', '--xattrs', '-xpf'],
} as const;

interface Extracted {
  readonly facts: Record<string, FileFact>;
  readonly attributes: string;
}

function factsOf(root: string): Record<string, FileFact> {
  return Object.fromEntries(factsOnDisk(root));
}

async function extractedBy(extractor: keyof typeof extractors, file: string): Promise<Extracted> {
  const target = join(folder.path, `extracted-${files++}`);
  mkdirSync(target);
  const [program, ...options] = extractors[extractor];
  await execIn(target, 'env', 'LC_ALL=C.UTF-8', program, ...options, file);
  const extracted = { facts: factsOf(target), attributes: await attributesIn(target) };
  rmSync(target, { recursive: true });
  return extracted;
}

async function attributesIn(root: string): Promise<string> {
  return execIn(root, 'sh', '-c', 'getfattr -hRP -d -m - -e hex . | sort; getcap -r . | sort');
}

describe.skipIf(!available)('tars of everything that is hard to hold', () => {
  const root = join(folder.path, 'tree');
  beforeAll(async () => {
    mkdirSync(root);
    await execIn(root, 'bash', '-ec', tree);
  });

  test.each([
    ['GNU tar, gnu', 'tar --format=gnu'],
    ['GNU tar, gnu, sparse', 'tar --format=gnu --sparse'],
    ['GNU tar, oldgnu, sparse', 'tar --format=oldgnu --sparse'],
    ['GNU tar, posix with attributes', 'tar --format=posix --xattrs --xattrs-include=*'],
    ['GNU tar, posix, sparse 0.0', 'tar --format=posix --sparse --sparse-version=0.0'],
    ['GNU tar, posix, sparse 0.1', 'tar --format=posix --sparse --sparse-version=0.1'],
    ['GNU tar, posix, sparse 1.0', 'tar --format=posix --sparse --sparse-version=1.0'],
    ['GNU tar, ustar, what fits', 'tar --format=ustar --ignore-failed-read'],
    ['GNU tar, v7, what fits', 'tar --format=v7 --ignore-failed-read'],
    ['GNU tar, in records of 1 MiB', 'tar --format=posix --blocking-factor=2048'],
    ['bsdtar, pax', 'bsdtar --format=pax --xattrs'],
    ['bsdtar, gnutar', 'bsdtar --format=gnutar'],
    ['bsdtar, ustar, what fits', 'bsdtar --format=ustar'],
    ['bsdtar, v7, what fits', 'bsdtar --format=v7'],
  ])('%s: come out byte for byte as they went in', async (_, command) => {
    const file = join(folder.path, `given-${files++}.tar`);
    // Formats that hold not everything leave things out with a complaint.
    await execIn(root, 'sh', '-c', `${command} -cf "$0" . 2>/dev/null || test -s "$0"`, file);
    const { entries, before, after } = await throughCodec(createReadStream(file));
    expect(after).toBe(before);
    expect(entries).toBeGreaterThan(10);
    rmSync(file);
  });

  describe.each(['tar', 'bsdtar'] as const)('written by armload, unpacked by %s', (extractor) => {
    let expected: Extracted;
    let extracted: Extracted;
    beforeAll(async () => {
      const given = join(folder.path, `given-${files++}.tar`);
      await execIn(root, 'tar', '--format=posix', '--xattrs', '--xattrs-include=*', '-cf', given, '.');
      const written = await write(rewrittenFrom(createReadStream(given)));
      expected = { facts: factsOf(root), attributes: await attributesIn(root) };
      extracted = await extractedBy(extractor, written);
    });

    test('gives the same names, modes, owners, times, links and contents, of more than 20 paths', () => {
      expect(extracted.facts).toEqual(expected.facts);
      expect(Object.keys(expected.facts).length).toBeGreaterThan(20);
    });

    test('gives the same extended attributes and capabilities', () => {
      expect(expected.attributes).toContain('user.binary=0x00ff0a3d20');
      expect(expected.attributes).toContain('cap_net_admin,cap_net_raw=ep');
      expect(extracted.attributes).toEqual(expected.attributes);
    });
  });

  test('sparse files passed through keep their holes and contents', async () => {
    const given = join(folder.path, `given-${files++}.tar`);
    await execIn(root, 'tar', '--format=posix', '--sparse', '-cf', given, 'plain/holes');
    const passed = join(folder.path, `passed-${files++}.tar`);
    await pipeline(writeTar(readTar(createReadStream(given))), createWriteStream(passed));
    for (const extractor of ['tar', 'bsdtar'] as const) {
      const { facts } = await extractedBy(extractor, passed);
      expect(facts['plain/holes']).toEqual(factsOf(root)['plain/holes']);
    }
    expect(lstatSync(passed).size).toBeLessThan(100_000);
  });
});

/** bsdtar writes composed letters, whatever it reads. */
const part = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 60 })
  .map((text) => text.normalize('NFC').replaceAll(/[/\0]/g, '_'));
const generatedMember = fc.record({
  type: fc.constantFrom('file', 'file', 'directory', 'symlink', 'hardlink', 'fifo', 'character-device'),
  parts: fc.array(part, { minLength: 1, maxLength: 8 }),
  mode: fc.integer({ min: 0, max: 0o7777 }),
  uid: fc.oneof(fc.integer({ min: 0, max: 2 ** 21 }), fc.integer({ min: 2 ** 21, max: 2 ** 32 - 2 })),
  gid: fc.integer({ min: 0, max: 2 ** 32 - 2 }),
  mtime: fc.oneof(fc.integer({ min: 0, max: 2 ** 31 }), fc.integer({ min: -(2 ** 31), max: 2 ** 33 })),
  body: fc.uint8Array({ maxLength: 2000 }),
});

/** Each in a directory of its own, so that none is in another's way. */
function membersFrom(
  generated: readonly (typeof generatedMember extends fc.Arbitrary<infer T> ? T : never)[],
): TarMember[] {
  let target = '';
  return generated.flatMap(({ type, parts, body, ...facts }, index): TarMember[] => {
    const name = `${index}/${parts.map((one) => `-${one}`).join('/')}`;
    if (type === 'file') {
      target = name;
      return [{ ...facts, name, body }];
    }
    if (type === 'hardlink') return target === '' ? [] : [{ name, type, linkName: target }];
    if (type === 'symlink') return [{ ...facts, name, type, linkName: `${parts.join('/')}` }];
    return [{ ...facts, name, type: type as 'fifo', ...(type === 'character-device' && { deviceMajor: 1 }) }];
  });
}

describe.skipIf(!available)('tars of generated members', () => {
  test('are unpacked alike by GNU tar and bsdtar, as they were meant', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(generatedMember, { minLength: 1, maxLength: 12 }), async (generated) => {
        const members = membersFrom(generated);
        const file = await write(members);
        const byGnu = (await extractedBy('tar', file)).facts;
        const byBsd = (await extractedBy('bsdtar', file)).facts;
        rmSync(file);
        for (const facts of [byGnu, byBsd]) expect(namedOf(facts, members)).toEqual(meantBy(members));
      }),
      { numRuns: 40 },
    );
  });
});

type Meant = Pick<FileFact, 'kind' | 'content'> & Partial<FileFact>;

function meantBy(members: readonly TarMember[]): Record<string, Meant> {
  const byName = new Map(members.map((member) => [String(member.name), member]));
  return Object.fromEntries(
    members.map((member) => {
      const file = member.type === 'hardlink' ? byName.get(String(member.linkName)) : member;
      return [String(member.name), meant(file ?? member)];
    }),
  );
}

function meant({
  type = 'file',
  mode = 0,
  uid = 0,
  gid = 0,
  mtime = 0,
  body,
  linkName = '',
}: TarMember): Meant {
  const content =
    body instanceof Uint8Array ? createHash('sha256').update(body).digest('hex') : String(linkName);
  const kept = { mode: type === 'symlink' ? 0o777 : mode, mtime: type === 'directory' ? 0 : mtime };
  return { kind: type, content, uid, gid, ...kept };
}

function namedOf(facts: Record<string, FileFact>, members: readonly TarMember[]): Record<string, Meant> {
  return Object.fromEntries(
    members.map(({ name }) => {
      const fact = facts[String(name)];
      if (fact === undefined) return [String(name), { kind: 'missing', content: '' }];
      const { kind, content, mode, uid, gid, mtime } = fact;
      return [String(name), { kind, content, mode, uid, gid, mtime }];
    }),
  );
}
