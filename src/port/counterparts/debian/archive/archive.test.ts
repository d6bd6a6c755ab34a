import { readFile, writeFile } from 'node:fs/promises';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Clock } from '../../../../core/index.ts';
import { DebianError } from '../errors.ts';
import { freshFolder } from '../parts.test-support.ts';
import {
  type ArchiveSpec,
  archiveFiles,
  type Files,
  keyringsOf,
  makeSigner,
  now,
  type RunningArchive,
  type Signer,
  serve,
  sha256,
  sourceAt,
} from './archive.test-support.ts';
import { type ArchiveReaderOptions, addressOf, createArchiveReader, createFetch } from './index.ts';

let signer: Signer;
beforeAll(async () => {
  signer = await makeSigner({ created: new Date(now - 86_400_000 * 100) });
});

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** Waiting takes no time. */
const clock: Clock = { now: () => now, sleep: async () => undefined };
const file = Buffer.from('the package');
const hello = { fields: { Package: 'hello', Version: '2.10-3' }, file };
const names = new Set(['hello']);

async function started(
  spec: Partial<ArchiveSpec> = {},
  change: (files: Files) => void = () => undefined,
): Promise<RunningArchive> {
  const files = await archiveFiles({ packages: [hello], signer, ...spec });
  change(files);
  const archive = await serve(files);
  closing.push(() => archive.close());
  return archive;
}

function readerOf(options: Partial<ArchiveReaderOptions> = {}) {
  const folder = freshFolder();
  const reader = createArchiveReader({ cache: folder.path, keyrings: keyringsOf(signer), clock, ...options });
  closing.push(() => reader.close(), folder.remove);
  return reader;
}

async function offerOf(archive: RunningArchive, options: Partial<ArchiveReaderOptions> = {}, more = {}) {
  return readerOf(options).offer(sourceAt(archive.origin, more), { architecture: 'arm64', names });
}

async function failureOf(promise: Promise<unknown>): Promise<DebianError> {
  const error = await promise.catch((thrown: unknown) => thrown);
  if (!(error instanceof DebianError)) throw new Error(`no DebianError: ${String(error)}`);
  return error;
}

describe('reading an archive', () => {
  test.each(['xz', 'gz', ''] as const)(
    'finds packages in a signed index, compressed as "%s"',
    async (index) => {
      const archive = await started({
        index,
        packages: [hello, { fields: { Package: 'other', Version: '1' } }],
      });
      const offer = await offerOf(archive);
      expect(offer).toMatchObject({ signers: [signer.fingerprint], notes: [] });
      expect(offer.packages).toEqual([
        {
          name: 'hello',
          version: '2.10-3',
          architecture: 'arm64',
          source: { name: 'hello', version: '2.10-3' },
          filename: 'pool/main/hello_2.10-3_arm64.deb',
          size: file.length,
          sha256: sha256(file),
        },
      ]);
    },
  );

  test('fetches indexes by hash where that is offered, and by name where it is not, or is missing', async () => {
    const byHash = await started();
    await offerOf(byHash);
    expect(byHash.asked.filter((path) => path.includes('Packages'))).toEqual([]);
    const byName = await started({ byHash: false });
    await offerOf(byName);
    expect(byName.asked.at(-1)).toBe('debian/dists/stable/main/binary-arm64/Packages.xz');
    const lost = await started({ byHash: false, release: { 'Acquire-By-Hash': 'yes' } });
    expect((await offerOf(lost)).packages).toHaveLength(1);
  });

  test('takes a Release file with a signature of its own', async () => {
    const archive = await started({}, (files) => files.delete('debian/dists/stable/InRelease'));
    const text = Buffer.from(
      (await archiveFiles({ packages: [hello] })).get('debian/dists/stable/Release') as Uint8Array,
    ).toString();
    const recent = text
      .replace(/^Date: .*$/m, `Date: ${new Date().toUTCString()}`)
      .replace(/^Valid-Until: .*\n/m, '');
    archive.files.set('debian/dists/stable/Release', Buffer.from(recent));
    archive.files.set('debian/dists/stable/Release.gpg', Buffer.from(await signer.detach(recent)));
    const later = { now: () => Date.now() + 5000, sleep: async () => undefined };
    const reader = readerOf({ clock: later });
    const offer = await reader.offer(sourceAt(archive.origin), { architecture: 'arm64', names });
    expect(offer.signers).toEqual([signer.fingerprint]);
  });

  test('reads flat archives', async () => {
    const text = Buffer.from(
      `Package: hello\nVersion: 1\nArchitecture: arm64\nFilename: ./hello.deb\nSize: 1\nSHA256: ${'0'.repeat(64)}\n`,
    );
    const release = `SHA256:\n ${sha256(text)} ${text.length} Packages\n`;
    const archive = await started({}, (files) => {
      files.clear();
      files.set('debian/flat/Packages', text);
    });
    archive.files.set(
      'debian/flat/InRelease',
      Buffer.from(await signer.clearsign(release, new Date(now - 1000))),
    );
    const offer = await offerOf(archive, {}, { suite: 'flat/', components: [] });
    expect(offer.packages.map((one) => addressOf(offer.source, one))).toEqual([
      `${archive.origin}/debian/./hello.deb`,
    ]);
  });

  test('asks for a Release file once, and uses indexes of the cache again', async () => {
    const archive = await started();
    const folder = freshFolder();
    closing.push(folder.remove);
    for (const _ of [1, 2]) {
      const reader = readerOf({ cache: folder.path });
      const source = sourceAt(archive.origin);
      await reader.offer(source, { architecture: 'arm64', names });
      await reader.offer(source, { architecture: 'arm64', names: new Set() });
    }
    expect(archive.asked.filter((path) => path.endsWith('InRelease'))).toHaveLength(2);
    expect(archive.asked.filter((path) => path.includes('by-hash'))).toHaveLength(1);
  });

  test('notes a Release file of another suite, and components without the architecture', async () => {
    const archive = await started({ release: { Suite: 'testing', Codename: 'trixie' } });
    const { notes } = await offerOf(archive, {}, { components: ['main', 'extra'] });
    expect(notes).toEqual([
      expect.stringContaining('is of trixie, not of stable'),
      expect.stringContaining('has no extra/binary-arm64/Packages'),
    ]);
  });

  test('skips packages without a SHA-256', async () => {
    const archive = await started({ packages: [{ fields: { Package: 'hello', Version: '1', SHA256: '' } }] });
    expect((await offerOf(archive)).packages).toEqual([]);
  });
});

describe('what is not believed', () => {
  test('an unsigned archive, unless a person allows it, which is noted', async () => {
    const archive = await started({ packages: [hello] });
    archive.files.delete('debian/dists/stable/InRelease');
    archive.files.set(
      'debian/dists/stable/Release',
      (await archiveFiles({ packages: [hello] })).get('debian/dists/stable/Release') as Uint8Array,
    );
    expect(await failureOf(offerOf(archive))).toMatchObject({ code: 'DEBIAN_SIGNATURE' });
    expect(await failureOf(offerOf(archive, {}, { trusted: true }))).toMatchObject({
      code: 'DEBIAN_SIGNATURE',
    });
    const { notes, signers, packages } = await offerOf(archive, { allowUnsigned: true });
    expect({ notes, signers, found: packages.length }).toEqual({
      notes: [expect.stringContaining('taken unsigned')],
      signers: [],
      found: 1,
    });
  });

  test('a key that the image does not trust; a wrong signature not even where unsigned is allowed', async () => {
    const archive = await started();
    const keyrings = keyringsOf();
    expect(await failureOf(offerOf(archive, { keyrings }))).toMatchObject({ code: 'DEBIAN_SIGNATURE' });
    expect((await offerOf(archive, { keyrings, allowUnsigned: true })).packages).toHaveLength(1);
    const path = 'debian/dists/stable/InRelease';
    const changed = Buffer.from(archive.files.get(path) as Uint8Array)
      .toString()
      .replace('Suite: s', 'Suite: S');
    archive.files.set(path, Buffer.from(changed));
    expect(await failureOf(offerOf(archive, { allowUnsigned: true }))).toMatchObject({
      code: 'DEBIAN_SIGNATURE',
    });
  });

  test('an index or a package other than its hash says', async () => {
    const archive = await started({}, (files) => {
      for (const path of files.keys()) if (path.includes('by-hash')) files.set(path, Buffer.from('other'));
    });
    expect(await failureOf(offerOf(archive))).toMatchObject({ code: 'DEBIAN_HASH' });
    const good = await started();
    const reader = readerOf();
    const url = `${good.origin}/debian/pool/main/hello_2.10-3_arm64.deb`;
    const wanted = { url, sha256: sha256(file), size: file.length };
    expect((await readFile(await reader.download(wanted))).toString()).toBe('the package');
    for (const other of [
      Buffer.from('The package'),
      Buffer.from('short'),
      Buffer.from('the package and more'),
    ]) {
      good.files.set('debian/pool/main/hello_2.10-3_arm64.deb', other);
      expect(await failureOf(readerOf().download(wanted))).toMatchObject({ code: 'DEBIAN_HASH' });
    }
  });

  test('a file that was damaged in the cache: it is fetched again', async () => {
    const archive = await started();
    const folder = freshFolder();
    closing.push(folder.remove);
    const wanted = {
      url: `${archive.origin}/debian/pool/main/hello_2.10-3_arm64.deb`,
      sha256: sha256(file),
      size: file.length,
    };
    const path = await readerOf({ cache: folder.path }).download(wanted);
    await writeFile(path, 'The package');
    expect((await readFile(await readerOf({ cache: folder.path }).download(wanted))).toString()).toBe(
      'the package',
    );
    expect(archive.asked).toHaveLength(2);
  });

  test.each([
    ['that is out of date', { 'Valid-Until': new Date(now - 1000).toUTCString() }, 'DEBIAN_EXPIRED'],
    ['from the future', { Date: new Date(now + 3_600_000).toUTCString() }, 'DEBIAN_EXPIRED'],
    ['with a date that is none', { Date: 'yesterday' }, 'DEBIAN_MALFORMED'],
    ['with wrong sums', { SHA256: '\nabc 1 x' }, 'DEBIAN_MALFORMED'],
  ])('a Release file %s', async (_what, release, code) => {
    expect(await failureOf(offerOf(await started({ release })))).toMatchObject({ code });
  });

  test('a snapshot is out of date by design', async () => {
    const archive = await started({ release: { 'Valid-Until': new Date(now - 1000).toUTCString() } });
    expect((await offerOf(archive, {}, { checkValidUntil: false })).packages).toHaveLength(1);
  });

  test('a file name that leads out of the archive', async () => {
    const archive = await started({
      packages: [{ fields: { Package: 'hello', Version: '1', Filename: '../../x' } }],
    });
    const { source, packages } = await offerOf(archive);
    const [one] = packages;
    expect(() => one && addressOf(source, one)).toThrow(DebianError);
  });
});

describe('an archive that does not answer well', () => {
  test('without packages for the architecture says so', async () => {
    const error = await failureOf(offerOf(await started({ architecture: 'amd64' })));
    expect(error).toMatchObject({ code: 'DEBIAN_NOT_FOUND', facts: { lacks: 'architecture' } });
  });

  test('is tried again after a fault, and not after a refusal', async () => {
    let tries = 0;
    const flaky = await started({}, (files) => {
      const good = files.get('debian/dists/stable/InRelease') as Uint8Array;
      files.set('debian/dists/stable/InRelease', (_request, response) => {
        tries += 1;
        if (tries === 1) response.writeHead(503).end();
        else if (tries === 2) response.destroy();
        else response.writeHead(200).end(good);
      });
    });
    expect((await offerOf(flaky)).packages).toHaveLength(1);
    expect(tries).toBe(3);
    const closed = await started({}, (files) =>
      files.set('debian/dists/stable/InRelease', (_request, response) => void response.writeHead(403).end()),
    );
    expect(await failureOf(offerOf(closed))).toMatchObject({ code: 'DEBIAN_UNREACHABLE' });
    expect(closed.asked).toHaveLength(1);
  });

  test('that is silent ends in a timeout; that is cut off, in an error', async () => {
    const silent = await started({}, (files) => files.set('debian/dists/stable/InRelease', () => undefined));
    const error = await failureOf(offerOf(silent, { limits: { releaseTime: 200 } }));
    expect(error).toMatchObject({ code: 'DEBIAN_TIMEOUT' });
    const cut = await started({}, (files) =>
      files.set('debian/dists/stable/InRelease', (_request, response) => {
        response.writeHead(200, { 'content-length': 1000 });
        response.write('half', () => response.destroy());
      }),
    );
    expect(await failureOf(offerOf(cut))).toMatchObject({ code: 'DEBIAN_UNREACHABLE' });
  });

  test('that has no Release file is not found', async () => {
    expect(await failureOf(offerOf(await started({}, (files) => files.clear())))).toMatchObject({
      code: 'DEBIAN_NOT_FOUND',
    });
  });

  test('that sends too much is stopped', async () => {
    const archive = await started();
    expect(await failureOf(offerOf(archive, { limits: { releaseBytes: 100 } }))).toMatchObject({
      code: 'DEBIAN_LIMIT',
    });
    expect(await failureOf(offerOf(archive, { limits: { indexBytes: 100 } }))).toMatchObject({
      code: 'DEBIAN_LIMIT',
    });
    const huge = { url: `${archive.origin}/x`, sha256: sha256(file), size: 10 ** 12 };
    expect(await failureOf(readerOf().download(huge))).toMatchObject({ code: 'DEBIAN_LIMIT' });
  });

  test('is left when the signal says so', async () => {
    const silent = await started({}, (files) => files.set('debian/dists/stable/InRelease', () => undefined));
    const controller = new AbortController();
    const offer = readerOf().offer(sourceAt(silent.origin), {
      architecture: 'arm64',
      names,
      signal: controller.signal,
    });
    setTimeout(() => controller.abort(), 50);
    await expect(offer).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('HTTP', () => {
  async function textOf(origin: string, path: string): Promise<string> {
    const { fetch, close } = createFetch({ environment: {} });
    closing.push(close);
    const chunks: Uint8Array[] = [];
    for await (const chunk of await fetch(`${origin}/${path}`, { signal: AbortSignal.timeout(5000) }))
      chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  }

  test('gives the password in an address to its own host only', async () => {
    const seen: string[] = [];
    const [archive, other] = [await serve(new Map()), await serve(new Map())];
    closing.push(
      () => archive.close(),
      () => other.close(),
    );
    other.files.set('there', (request, response) => {
      seen.push(String(request.headers.authorization));
      response.end('there');
    });
    archive.files.set('here', (request, response) => {
      seen.push(String(request.headers.authorization));
      response.writeHead(302, { location: `${other.origin}/there` }).end();
    });
    expect(await textOf(archive.origin.replace('//', '//me:p%40ss@'), 'here')).toBe('there');
    expect(seen).toEqual([`Basic ${Buffer.from('me:p@ss').toString('base64')}`, 'undefined']);
    const error = await failureOf(textOf(archive.origin.replace('//', '//me:hunter2@'), 'missing'));
    expect(error.message).not.toContain('hunter2');
    expect(JSON.stringify(error.facts)).not.toContain('hunter2');
  });

  test('follows redirects, a few', async () => {
    const files: Files = new Map([['end', Buffer.from('there')]]);
    files.set('start', (_request, response) => void response.writeHead(302, { location: '/end' }).end());
    files.set('loop', (_request, response) => void response.writeHead(302, { location: '/loop' }).end());
    files.set(
      'away',
      (_request, response) => void response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
    );
    const archive = await serve(files);
    closing.push(() => archive.close());
    expect(await textOf(archive.origin, 'start')).toBe('there');
    expect((await failureOf(textOf(archive.origin, 'loop'))).message).toContain('redirected more than');
    expect((await failureOf(textOf(archive.origin, 'away'))).message).toContain('which is refused');
  });

  test("goes by the environment's proxy, but not to loopback", async () => {
    const files: Files = new Map([
      ['http://deb.example.org/x', Buffer.from('by proxy')],
      ['x', Buffer.from('direct')],
    ]);
    const proxy = await serve(new Map());
    closing.push(() => proxy.close());
    // A proxy is asked for whole addresses.
    proxy.files.set('ttp://deb.example.org/x', files.get('http://deb.example.org/x') as Uint8Array);
    const { fetch, close } = createFetch({ environment: { HTTP_PROXY: proxy.origin } });
    closing.push(close);
    const read = async (url: string): Promise<string> => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of await fetch(url, { signal: AbortSignal.timeout(5000) })) chunks.push(chunk);
      return Buffer.concat(chunks).toString();
    };
    expect(await read('http://deb.example.org/x')).toBe('by proxy');
    const direct = await serve(files);
    closing.push(() => direct.close());
    expect(await read(`${direct.origin}/x`)).toBe('direct');
  });
});
