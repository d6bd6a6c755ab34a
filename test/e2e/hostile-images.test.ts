import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { zipOf } from '../../src/binary/archives.test-support.ts';
import { userland, writeElf } from '../../src/fixture/index.ts';
import { auditResultSchema, type ImageAudit } from '../../src/results/index.ts';
import { writeTar } from '../../src/tar/index.ts';
import { finished, startCommand } from '../support/command.ts';
import {
  gzipLayer,
  type HostileImage,
  type HostileLayer,
  layerOf,
  writeHostileImage,
} from '../support/hostile-image.ts';
import { rawFile, rawHeader, tarEnd, withLong, withPax } from '../support/raw-tar.ts';

/** The images that take minutes to make and read are left to CI. */
const withBigOnes = process.env['ARMLOAD_HOSTILE'] === 'all';
/** The command tells its peak memory when it ends, whatever thread used it. */
const tellMemory =
  "--import=data:text/javascript,process.on('exit',()=>console.error('peak-kilobytes',process.resourceUsage().maxRSS))";

let folder = '';
let base: Uint8Array = Buffer.alloc(0);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'armload-hostile-'));
  const chunks: Uint8Array[] = [];
  for await (const chunk of writeTar(userland('arm64'))) chunks.push(chunk);
  base = Buffer.concat(chunks).subarray(0, -tarEnd.length);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Run {
  readonly audits: readonly ImageAudit[];
  readonly seconds: number;
  readonly megabytes: number;
  readonly stdout: string;
}

let runs = 0;
/** Audits images in one run of the built command, and looks what it left behind. */
async function run(images: readonly HostileImage[], format = 'json'): Promise<Run> {
  const home = join(folder, `run-${runs++}`);
  const temporary = join(home, 'tmp');
  await mkdir(temporary, { recursive: true });
  const references: string[] = [];
  for (const [index, image] of images.entries()) {
    const layout = join(home, `image-${String(index).padStart(3, '0')}`);
    await writeHostileImage(layout, image);
    references.push(`oci:${layout}:v1`);
  }
  const started = performance.now();
  const environment = { TMPDIR: temporary, NODE_OPTIONS: tellMemory };
  const child = startCommand(['audit', ...references, '--no-cache', '--format', format], {
    cwd: home,
    environment,
  });
  const { code, stdout, stderr } = await finished(child);
  const seconds = (performance.now() - started) / 1000;
  expect(stderr).not.toMatch(/bug in armload|Warning/);
  expect(code).toBeLessThanOrEqual(2);
  expect(await readdir(temporary)).toEqual([]);
  const megabytes =
    Math.max(...[...stderr.matchAll(/peak-kilobytes (\d+)/g)].map(([, peak]) => Number(peak))) / 1024;
  const audits = format === 'json' ? auditResultSchema.parse(JSON.parse(stdout)).images : [];
  await rm(home, { recursive: true, force: true });
  return { audits, seconds, megabytes, stdout };
}

interface Case {
  readonly image: () => HostileImage;
  /** The verdict, or the reason of an unknown one. */
  readonly gives: string;
  /** In why, or in the text or kind of a finding. */
  readonly says?: RegExp;
}

/** Each case is an image of its own in one run: none takes the others with it. */
function eachOf(cases: Readonly<Record<string, Case>>, bounds: { seconds: number; megabytes: number }): void {
  let result: Run;
  beforeAll(async () => {
    result = await run(Object.values(cases).map(({ image }) => image()));
  }, 300_000);
  test('all of them together take little time and memory', () => {
    expect(result.audits).toHaveLength(Object.keys(cases).length);
    expect(result.seconds).toBeLessThan(bounds.seconds);
    expect(result.megabytes).toBeLessThan(bounds.megabytes);
  });
  test.each(Object.entries(cases).map(([name, one], index) => ({ name, ...one, index })))(
    '$name',
    ({ gives, says, index }) => {
      const audit = result.audits[index];
      expect(audit?.reason ?? audit?.verdict).toBe(gives);
      const texts = [
        audit?.why,
        ...(audit?.findings ?? []).map((one) => `${one.kind} ${one.path}: ${one.found}`),
      ];
      if (says !== undefined) expect(texts.join('\n')).toMatch(says);
    },
  );
}

const arm64 = writeElf({ machine: 'arm64', align: 4096 });
const amd64 = writeElf({ machine: 'amd64', align: 4096 });
const nothing: HostileLayer = layerOf([tarEnd]);

function* many(count: number, make: (index: number) => Uint8Array): Generator<Uint8Array> {
  for (let index = 0; index < count; index++) yield make(index);
}

function image(entries: Iterable<Uint8Array>, config: HostileImage['config'] = {}): HostileImage {
  return { layers: [layerOf([...entries, tarEnd])], config };
}

/** One frame of uncompressed blocks (RFC 8878, 3.1.1). */
function zstdOf(content: Uint8Array): Buffer {
  const size = Buffer.alloc(4);
  size.writeUInt32LE(content.length);
  const parts: Uint8Array[] = [Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0xa0]), size];
  const most = 128 * 1024;
  for (let at = 0; at < content.length; at += most) {
    const piece = content.subarray(at, at + most);
    const header = Buffer.alloc(3);
    header.writeUIntLE(piece.length * 8 + (at + most >= content.length ? 1 : 0), 0, 3);
    parts.push(header, piece);
  }
  return Buffer.concat(parts);
}

describe('layers that are not what they say', () => {
  const tar = Buffer.concat([rawFile('app', arm64, 0o755), tarEnd]);
  const good = layerOf([tar]);
  const zstd = zstdOf(tar);
  const wrong = `sha256:${'1'.repeat(64)}`;
  eachOf(
    {
      'another diff-id': {
        image: () => ({ layers: [{ ...good, diffId: wrong }] }),
        gives: 'malformed',
        says: /config says sha256:1111/,
      },
      'a blob under another digest': {
        image: () => ({
          layers: [
            {
              ...good,
              descriptor: { digest: createHash('sha256').update('').digest('hex').replace(/^/, 'sha256:') },
            },
            { blob: Buffer.alloc(0) },
          ],
        }),
        gives: 'malformed',
      },
      'a size that is too small': {
        image: () => ({ layers: [{ ...good, descriptor: { size: 10 } }] }),
        gives: 'malformed',
      },
      'a size that is too large': {
        image: () => ({ layers: [{ ...good, descriptor: { size: 2 ** 52 } }] }),
        gives: 'malformed',
      },
      'gzip that is cut': {
        image: () => ({ layers: [{ blob: good.blob.subarray(0, -30) }] }),
        gives: 'malformed',
        says: /gzip/,
      },
      'garbage behind the gzip': {
        image: () => ({ layers: [{ blob: Buffer.concat([good.blob, Buffer.from('garbage')]) }] }),
        gives: 'malformed',
        says: /gzip/,
      },
      'an encrypted layer': {
        image: () => ({ layers: [{ ...good, mediaType: `${gzipLayer}+encrypted` }] }),
        gives: 'unsupported',
        says: /encrypted/,
      },
      'a foreign layer that lies elsewhere': {
        image: () => ({
          layers: [
            {
              blob: Buffer.from('elsewhere'),
              missing: true,
              mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
              descriptor: { urls: ['http://192.0.2.1/layer'] },
            },
          ],
        }),
        gives: 'not-found',
      },
      'zstd that is called gzip': {
        image: () => ({ layers: [{ blob: zstd, diffId: good.diffId ?? '' }] }),
        gives: 'right',
        says: /its compression is zstd/,
      },
      'gzip that is called zstd': {
        image: () => ({ layers: [{ ...good, mediaType: 'application/vnd.oci.image.layer.v1.tar+zstd' }] }),
        gives: 'right',
        says: /its compression is gzip/,
      },
      'no layer at all': { image: () => ({ layers: [] }), gives: 'right', says: /no machine code/ },
      'one layer twice': { image: () => ({ layers: [good, good] }), gives: 'right' },
      'the same layer 200 times': {
        image: () => ({ layers: Array<HostileLayer>(200).fill(good) }),
        gives: 'right',
      },
      'a text': {
        image: () => ({ layers: [{ blob: Buffer.from('<html>'.repeat(1_000)) }] }),
        gives: 'malformed',
      },
      'an extended header of 100 MB': {
        image: () => ({
          layers: [layerOf([rawHeader({ name: 'p', type: 'x', size: 100 * 1024 ** 2 }), Buffer.alloc(4096)])],
        }),
        gives: 'too-large',
        says: /extension headers/,
      },
      'a file of 8 GB that is not there': {
        image: () => ({ layers: [layerOf([rawHeader({ name: 'p', size: 8 ** 11 - 1 })])] }),
        gives: 'malformed',
        says: /ends early/,
      },
      'a size beyond all numbers': {
        image: () => ({
          layers: [
            layerOf([rawHeader({ name: 'p', size: Buffer.from(`\x80${'\x7f'.repeat(11)}`, 'latin1') })]),
          ],
        }),
        gives: 'malformed',
        says: /size/,
      },
      'a negative size': {
        image: () => ({ layers: [layerOf([rawHeader({ name: 'p', size: Buffer.alloc(12, 0xff) })])] }),
        gives: 'malformed',
        says: /size/,
      },
      'sparse claims of 10 GB': {
        image: () =>
          image([
            withPax(
              {
                'GNU.sparse.major': '1',
                'GNU.sparse.minor': '0',
                'GNU.sparse.name': 'hole',
                'GNU.sparse.realsize': String(10 * 1024 ** 3),
              },
              rawFile('x', Buffer.from('0\n'.padEnd(512, '\0'))),
            ),
          ]),
        gives: 'too-large',
        says: /not-inspected \/hole/,
      },
      'a config that is nested a million deep': {
        image: () => ({
          layers: [nothing],
          configBytes: Buffer.from(
            `{"os":"linux","architecture":"arm64","config":{"Volumes":{"a":${'['.repeat(1e6)}${']'.repeat(1e6)}}}}`,
          ),
        }),
        gives: 'right',
      },
      'a config that is no JSON': {
        image: () => ({ layers: [nothing], configBytes: Buffer.from('{"os"') }),
        gives: 'malformed',
      },
      'a config of 5 MB': {
        image: () => ({ layers: [nothing], configOverrides: { author: 'x'.repeat(5e6) } }),
        gives: 'malformed',
        says: /limit/,
      },
      'an architecture of 3 MB': {
        image: () => ({ layers: [nothing], configOverrides: { architecture: 'x'.repeat(3e6) } }),
        gives: 'malformed',
      },
    },
    { seconds: 60, megabytes: 1200 },
  );
});

describe('names and links that lead astray', () => {
  const empty = rawHeader({ name: 'x' });
  eachOf(
    {
      'a path of 10,000 names': {
        image: () => image([withLong('L', `${'a/'.repeat(10_000)}f`, empty)]),
        gives: 'right',
        says: /too long/,
      },
      'a name of 1 MB, by GNU': {
        image: () => image([withLong('L', 'n'.repeat(1_040_000), empty)]),
        gives: 'right',
        says: /too long/,
      },
      'a name of 1 MB, by pax': {
        image: () => image([withPax({ path: 'n'.repeat(1_040_000) }, empty)]),
        gives: 'right',
        says: /too long/,
      },
      'a NUL in a name of pax': {
        image: () => image([withPax({ path: 'a\0b' }, empty)]),
        gives: 'malformed',
        says: /NUL/,
      },
      'names that climb out': {
        image: () => image(['../../etc/passwd', '/../x', 'a/../../b'].map((name) => rawHeader({ name }))),
        gives: 'right',
        says: /leads out of the root/,
      },
      'hard links to themselves, to nothing and to directories': {
        image: () =>
          image([
            rawHeader({ name: 'self', type: '1', link: 'self' }),
            rawHeader({ name: 'gone', type: '1', link: 'nowhere' }),
            rawHeader({ name: 'd', type: '5' }),
            rawHeader({ name: 'dir', type: '1', link: 'd' }),
            rawHeader({ name: 'out', type: '1', link: '../../etc/shadow' }),
          ]),
        gives: 'right',
        says: /layer-conflict \/self/,
      },
      'whiteouts of the root': {
        image: () => ({
          layers: [
            layerOf([rawFile('app', arm64, 0o755), tarEnd]),
            layerOf([
              ...['.wh.', '.wh..', '.wh...', '.wh..wh..opq', '.wh..wh.x', 'a/.wh...'].map((name) =>
                rawHeader({ name }),
              ),
              tarEnd,
            ]),
          ],
        }),
        gives: 'right',
        says: /whiteout names nothing/,
      },
      'a root that is a symbolic link': {
        image: () => image([rawHeader({ name: './', type: '2', link: '/etc' })]),
        gives: 'right',
        says: /root is to be a symlink/,
      },
      'one path 100,000 times': { image: () => image(many(100_000, () => empty)), gives: 'right' },
      'a circle of 20,000 links': {
        image: () =>
          image(
            many(20_000, (index) =>
              rawHeader({ name: `usr/bin/l${index}`, type: '2', link: `l${(index + 1) % 20_000}` }),
            ),
            { Entrypoint: ['l0'] },
          ),
        gives: 'broken',
        says: /loop of symbolic links|entry-not-found/,
      },
      'a PATH of circles': {
        image: () =>
          image(
            [rawHeader({ name: 'a', type: '2', link: '/b' }), rawHeader({ name: 'b', type: '2', link: 'a' })],
            { Entrypoint: ['app'], Env: ['PATH=/a:/b:/a/b'] },
          ),
        gives: 'broken',
      },
      'devices, and types that nobody knows': {
        image: () => image(['3', '4', '6', 'Z', 'V'].map((type) => rawHeader({ name: `t${type}`, type }))),
        gives: 'right',
        says: /has no meaning/,
      },
    },
    { seconds: 60, megabytes: 1200 },
  );

  test('control characters in names do not reach a terminal', async () => {
    const name = 'opt/\u001b[2J\u001b]0;owned\u0007\r\nright';
    const { stdout } = await run(
      [image([rawFile(name, amd64, 0o755)], { Entrypoint: [`/${name}`] })],
      'table',
    );
    expect(stdout).toContain('owned');
    const controls = Buffer.from(stdout).filter((byte) => (byte < 0x20 && byte !== 0x0a) || byte === 0x7f);
    expect(controls).toHaveLength(0);
  });
});

describe('programs and settings that never end', () => {
  const libc = (name: string, needed: readonly string[]) =>
    rawFile(
      `usr/lib/${name}`,
      writeElf({ machine: 'arm64', kind: 'library', soname: name, needed, align: 4096 }),
      0o755,
    );
  const app = (spec: Partial<Parameters<typeof writeElf>[0]> = {}) =>
    rawFile(
      'app',
      writeElf({ machine: 'arm64', interpreter: true, needed: ['libc.so.6'], align: 4096, ...spec }),
      0o755,
    );
  const started = { Entrypoint: ['/app'] };
  const thousands = Array.from({ length: 10_000 }, (_, index) => `lib${index}.so`);
  eachOf(
    {
      'an entrypoint of 100,000 words': {
        image: () => image([base, app()], { Entrypoint: ['/app', ...Array<string>(100_000).fill('word')] }),
        gives: 'right',
      },
      'an environment of 3 MB': {
        image: () =>
          image([base, app()], {
            ...started,
            Env: Array.from(
              { length: 50_000 },
              (_, index) => `A${index}=/usr/lib/x86_64-linux-gnu/a${index}.so`,
            ),
          }),
        gives: 'right',
        says: /foreign-path-in-environment/,
      },
      'a health check of a million commands': {
        image: () =>
          image([base, app()], { ...started, Healthcheck: { Test: ['CMD-SHELL', 'a;'.repeat(1e6)] } }),
        gives: 'right',
      },
      'a PATH of 10,000 directories': {
        image: () =>
          image([base], {
            Entrypoint: ['app'],
            Env: [`PATH=${thousands.map((name) => `/${name}`).join(':')}`],
          }),
        gives: 'right',
        says: /entry-unknown/,
      },
      "scripts that are each other's interpreters": {
        image: () =>
          image([rawFile('a', Buffer.from('#!/b\n'), 0o755), rawFile('b', Buffer.from('#!/a\n'), 0o755)], {
            Entrypoint: ['/a'],
          }),
        gives: 'broken',
      },
      'a program that is its own loader': {
        image: () => image([base, app({ interpreter: '/app' })], started),
        gives: 'right',
        says: /loader|page-alignment/,
      },
      'a program that needs 10,000 libraries': {
        image: () => image([base, app({ needed: thousands })], started),
        gives: 'right',
        says: /closure-unknown \/app/,
      },
      'a search path of 1 MB': {
        image: () => image([base, app({ runpath: '/a:'.repeat(350_000) })], started),
        gives: 'right',
      },
      'libraries that need each other': {
        image: () =>
          image(
            [
              base,
              libc('liba.so', ['libb.so', 'liba.so']),
              libc('libb.so', ['liba.so']),
              app({ needed: ['liba.so'] }),
            ],
            started,
          ),
        gives: 'right',
      },
      'a loader cache of 15 MB of junk': {
        image: () =>
          image(
            [
              base,
              rawFile(
                'etc/ld.so.cache',
                Buffer.concat([Buffer.from('glibc-ld.so.cache1.1'), Buffer.alloc(15e6, 0x41)]),
              ),
              app(),
            ],
            started,
          ),
        gives: 'right',
        says: /ld-cache-unreadable/,
      },
      'a loader configuration that includes itself': {
        image: () =>
          image(
            [
              base,
              rawFile(
                'etc/ld.so.conf',
                Buffer.from('include /etc/ld.so.conf\ninclude /etc/*\n'.repeat(1_000)),
              ),
              app(),
            ],
            started,
          ),
        gives: 'right',
      },
      'a package database of 15 MB': {
        image: () =>
          image(
            [
              base,
              rawFile(
                'var/lib/dpkg/status',
                Buffer.from(
                  'Package: a\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n\n'.repeat(
                    200_000,
                  ),
                ),
              ),
              app(),
            ],
            started,
          ),
        gives: 'right',
        says: /package-database/,
      },
    },
    { seconds: 60, megabytes: 1200 },
  );
});

describe('bombs', () => {
  const zeros = Buffer.concat([amd64, Buffer.alloc(8 * 1024 ** 2 - amd64.length)]);
  const deflated = {
    name: 'tool',
    data: deflateRawSync(zeros, { level: 9 }),
    method: 8 as const,
    size: zeros.length,
  };
  const named = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ ...deflated, name: `tool${index}` }));
  const nested = (depth: number): Buffer =>
    depth === 0 ? Buffer.from(amd64) : zipOf([{ name: 'inner.zip', data: nested(depth - 1) }]);

  /** "A better zip bomb" (Fifield, 2019): many entries of the directory share one compressed content. */
  function overlapping(count: number): Buffer {
    const plain = zipOf([deflated]);
    const start = plain.readUInt32LE(plain.length - 6);
    const entry = plain.subarray(start, -22);
    const end = Buffer.from(plain.subarray(-22));
    end.writeUInt16LE(count, 8);
    end.writeUInt16LE(count, 10);
    end.writeUInt32LE(entry.length * count, 12);
    return Buffer.concat([plain.subarray(0, start), ...Array<Buffer>(count).fill(entry), end]);
  }

  eachOf(
    {
      'zip in zip in zip, ten deep': {
        image: () => image([rawFile('a.zip', nested(10))]),
        gives: 'right',
        says: /nested more than/,
      },
      'a zip whose entries overlap': {
        image: () => image([rawFile('a.zip', overlapping(5_000))]),
        gives: 'mixed',
        says: /hidden-content|not-read-whole/,
      },
      'a jar in a tar.gz': {
        image: () =>
          image([
            rawFile('a.tar.gz', gzipSync(Buffer.concat([rawFile('bomb.jar', zipOf(named(40))), tarEnd]))),
          ]),
        gives: 'mixed',
        says: /not-read-whole/,
      },
      'gzip of zeros behind a program': {
        image: () =>
          image([rawFile('a.gz', gzipSync(Buffer.concat([amd64, Buffer.alloc(100 * 1024 ** 2)])))]),
        gives: 'mixed',
        says: /not-read-whole/,
      },
    },
    { seconds: 60, megabytes: 1200 },
  );

  test('10 GB of zeros in 10 MB of gzip end at a limit that is named', async () => {
    const member = gzipSync(Buffer.alloc(10 * 1024 ** 2));
    const start = gzipSync(rawHeader({ name: 'big', size: 8 ** 11 - 1 }));
    const blob = Buffer.concat([start, ...Array<Buffer>(1024).fill(member)]);
    expect(blob.length).toBeLessThan(12e6);
    const { audits, seconds, megabytes } = await run([{ layers: [{ blob }] }]);
    expect(audits[0]).toMatchObject({
      verdict: 'unknown',
      reason: 'too-large',
      why: expect.stringMatching(/500 times/),
    });
    expect(seconds).toBeLessThan(30);
    // 120 alone; on a busy machine more waits for the garbage collector.
    expect(megabytes).toBeLessThan(800);
  }, 60_000);
});

describe('little that asks for much work', () => {
  const library = writeElf({ machine: 'arm64', interpreter: true, needed: ['libc.so.6'], align: 4096 });
  eachOf(
    {
      'a history line of 3 MB': {
        image: () => ({
          ...image(many(100, (index) => rawFile(`usr/bin/p${index}`, amd64, 0o755))),
          configOverrides: { history: [{ created_by: 'x'.repeat(3e6) }] },
        }),
        gives: 'mislabelled',
      },
      'a whiteout over 300,000 files': {
        image: () => ({
          layers: [
            layerOf([...many(300_000, (index) => rawHeader({ name: `d/f${index}` })), tarEnd]),
            layerOf([rawHeader({ name: '.wh.d' }), tarEnd]),
          ],
        }),
        gives: 'right',
      },
      'directories that no entry names': {
        image: () =>
          image(
            many(3_000, (index) =>
              withLong('L', `x${index}/${'a/'.repeat(2_000)}f`, rawHeader({ name: 'x' })),
            ),
          ),
        gives: 'too-large',
      },
      'names of 1 MB that are not UTF-8': {
        image: () =>
          image(many(20, () => withLong('L', Buffer.alloc(1_040_000, 0xff), rawHeader({ name: 'x' })))),
        gives: 'right',
        says: /too long/,
      },
      'a link of 1 MB behind 2,000 links': {
        image: () =>
          image([
            rawFile('usr/bin/foreign', amd64, 0o755),
            withLong('K', 'a/'.repeat(500_000), rawHeader({ name: 'usr/bin/x', type: '2' })),
            ...many(2_000, (index) => rawHeader({ name: `usr/bin/l${index}`, type: '2', link: 'x' })),
          ]),
        gives: 'mislabelled',
      },
      'a PATH that repeats one directory': {
        image: () =>
          image(
            many(1_000, (index) => rawFile(`b/p${index}`, arm64, 0o755)),
            { Entrypoint: ['/b/p1'], Env: [`PATH=${'/b:'.repeat(20_000)}`] },
          ),
        gives: 'right',
      },
      'a library path of 3 MB': {
        image: () =>
          image([base, ...many(200, (index) => rawFile(`usr/bin/p${index}`, library, 0o755))], {
            Entrypoint: ['/usr/bin/p1'],
            Env: [`LD_LIBRARY_PATH=${'/a:'.repeat(1e6)}`],
          }),
        gives: 'right',
      },
      '9,000 times the same layer': {
        image: () => {
          const layer = layerOf([...many(10_000, (index) => rawHeader({ name: `f${index}` })), tarEnd]);
          return { layers: Array<HostileLayer>(9_000).fill(layer) };
        },
        gives: 'too-large',
      },
    },
    { seconds: 60, megabytes: 1200 },
  );
});

describe.skipIf(!withBigOnes)('images as large as the limits let them be (ARMLOAD_HOSTILE=all)', () => {
  interface Big {
    readonly name: string;
    readonly image: () => HostileImage;
    readonly gives: string;
    readonly says?: RegExp;
    readonly files?: number;
    readonly megabytes: number;
  }
  const needed = Array.from({ length: 100 }, (_, index) => `lib${index}.so`);
  const program = writeElf({
    machine: 'arm64',
    interpreter: true,
    needed: [...needed, 'libc.so.6'],
    align: 4096,
  });
  const library = (soname: string) =>
    writeElf({ machine: 'arm64', kind: 'library', soname, needed, align: 4096 });

  test.each<Big>([
    {
      name: 'a million entries',
      image: () => ({ layers: [layerOf(many(1_000_000, (index) => rawHeader({ name: `f${index}` })))] }),
      gives: 'too-large',
      says: /more than 500000 entries/,
      megabytes: 800,
    },
    {
      name: '400,000 files',
      image: () => image(many(400_000, (index) => rawHeader({ name: `d${index % 997}/f${index}` }))),
      gives: 'right',
      files: 400_997,
      megabytes: 1_800,
    },
    {
      name: '100,000 links in one circle',
      image: () =>
        image(
          many(100_000, (index) =>
            rawHeader({ name: `usr/bin/l${index}`, type: '2', link: `l${(index + 1) % 100_000}` }),
          ),
        ),
      gives: 'right',
      megabytes: 1_400,
    },
    {
      name: '20,000 programs that need 100 libraries each',
      image: () =>
        image(
          [
            base,
            ...needed.map((soname) => rawFile(`usr/lib/${soname}`, library(soname), 0o755)),
            ...many(20_000, (index) => rawFile(`usr/bin/p${index}`, program, 0o755)),
          ],
          { Entrypoint: ['/usr/bin/p1'] },
        ),
      gives: 'right',
      says: /closure-unknown/,
      megabytes: 1_400,
    },
    {
      name: '100,000 programs of another machine',
      image: () => image(many(100_000, (index) => rawFile(`opt/p${index}`, amd64, 0o755))),
      gives: 'mixed',
      megabytes: 2_400,
    },
    {
      name: '400,000 hard links to one program of another machine',
      image: () =>
        image([
          rawFile('opt/a', amd64, 0o755),
          ...many(400_000, (index) => rawHeader({ name: `opt/x86_64/l${index}`, type: '1', link: 'opt/a' })),
        ]),
      gives: 'mixed',
      megabytes: 3_000,
    },
  ])(
    '$name',
    async ({ image: make, gives, says, files, megabytes: most }) => {
      const {
        audits: [audit],
        seconds,
        megabytes,
      } = await run([make()]);
      console.info(`${seconds.toFixed(1)} s, ${megabytes.toFixed(0)} MB`);
      expect(audit?.reason ?? audit?.verdict).toBe(gives);
      if (says !== undefined)
        expect(`${audit?.why} ${audit?.findings.map(({ kind }) => kind).join()}`).toMatch(says);
      if (files !== undefined) expect(audit?.files).toBe(files);
      expect(seconds).toBeLessThan(180);
      expect(megabytes).toBeLessThan(most);
    },
    240_000,
  );
});
