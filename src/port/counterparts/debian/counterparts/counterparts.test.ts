import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Clock } from '../../../../core/index.ts';
import { file } from '../../../../fixture/index.ts';
import {
  archiveFiles,
  keyringsOf,
  makeSigner,
  now,
  type OfferSpec,
  type RunningArchive,
  type Signer,
  serve,
  sourceAt,
} from '../archive/archive.test-support.ts';
import { createArchiveReader } from '../archive/index.ts';
import { type PackageDatabase, readDatabase } from '../database/index.ts';
import { freshFolder, viewOf } from '../parts.test-support.ts';
import { type CounterpartResult, type Counterparts, type FindOptions, findCounterparts } from './index.ts';

let signer: Signer;
beforeAll(async () => {
  signer = await makeSigner({ created: new Date(now - 86_400_000 * 100) });
});

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const clock: Clock = { now: () => now, sleep: async () => undefined };

type Installed = readonly [name: string, version: string, more?: Readonly<Record<string, string>>];

async function databaseOf(...packages: readonly Installed[]): Promise<PackageDatabase> {
  const status = packages
    .map(([Package, Version, more = {}]) => {
      const fields = { Package, Status: 'install ok installed', Architecture: 'amd64', Version, ...more };
      return Object.entries(fields)
        .map(([name, value]) => `${name}: ${value}\n`)
        .join('');
    })
    .join('\n');
  const reading = readDatabase(
    await viewOf([file('var/lib/dpkg/status', status), file('var/lib/dpkg/arch', 'amd64\n')]),
  );
  if (reading.kind !== 'read') throw new Error(JSON.stringify(reading));
  return reading.database;
}

function offered(...[name, version, more = {}]: Installed): OfferSpec {
  return { fields: { Package: name, Version: version, ...more }, file: Buffer.from(`${name} ${version}`) };
}

async function archiveOf(...packages: readonly OfferSpec[]): Promise<RunningArchive> {
  const archive = await serve(await archiveFiles({ packages, signer }));
  closing.push(() => archive.close());
  return archive;
}

async function find(
  database: PackageDatabase,
  options: Omit<FindOptions, 'database' | 'archive'>,
): Promise<Counterparts> {
  const folder = freshFolder();
  const archive = createArchiveReader({ cache: folder.path, keyrings: keyringsOf(signer), clock });
  closing.push(() => archive.close(), folder.remove);
  return findCounterparts({ database, archive, ...options });
}

/** The results in few words. */
function words({ results }: Counterparts): readonly string[] {
  return results.map((result: CounterpartResult) => {
    const { name } = result.package;
    if (result.kind !== 'found') return `${name}: ${result.kind}, ${result.reason}`;
    return `${name}: ${result.counterpart.match} ${result.counterpart.version}`;
  });
}

describe('finding counterparts', () => {
  test('takes the same version, with its address and hash', async () => {
    const archive = await archiveOf(offered('hello', '1.0-1'), offered('hello', '1.0-2'));
    const source = sourceAt(archive.origin);
    const { results, failures } = await find(await databaseOf(['hello', '1.0-1']), { sources: [source] });
    expect(failures).toEqual([]);
    expect(results).toMatchObject([
      {
        kind: 'found',
        package: { name: 'hello' },
        counterpart: {
          version: '1.0-1',
          architecture: 'arm64',
          match: 'same',
          url: `${archive.origin}/debian/pool/main/hello_1.0-1_arm64.deb`,
          size: 11,
          source,
          signers: [signer.fingerprint],
        },
      },
    ]);
  });

  test('takes a rebuild of the same source, whichever side was rebuilt', async () => {
    const archive = await archiveOf(
      offered('one', '1.0-1+b3', { Source: 'one (1.0-1)' }),
      offered('one', '1.0-1+b2', { Source: 'one (1.0-1)' }),
      offered('two', '2.0-1'),
    );
    const database = await databaseOf(['one', '1.0-1'], ['two', '2.0-1+b1', { Source: 'two (2.0-1)' }]);
    expect(words(await find(database, { sources: [sourceAt(archive.origin)] }))).toEqual([
      'one: rebuild 1.0-1+b3',
      'two: rebuild 2.0-1',
    ]);
  });

  test('leaves alone what is for all architectures, and what was removed', async () => {
    const archive = await archiveOf();
    const database = await databaseOf(
      ['data', '1', { Architecture: 'all' }],
      ['gone', '1', { Status: 'deinstall ok config-files' }],
      ['ours', '1', { Architecture: 'arm64' }],
    );
    expect(words(await find(database, { sources: [sourceAt(archive.origin)] }))).toEqual([]);
  });

  test('looks in every source, in their order, also those limited to the architecture of the image', async () => {
    const [first, second] = [
      await archiveOf(offered('a', '1')),
      await archiveOf(offered('b', '1'), offered('a', '1')),
    ];
    const sources = [sourceAt(first.origin, { architectures: ['amd64'] }), sourceAt(second.origin)];
    const { results } = await find(await databaseOf(['a', '1'], ['b', '1']), { sources });
    expect(results.map((one) => one.kind === 'found' && new URL(one.counterpart.url).origin)).toEqual([
      first.origin,
      second.origin,
    ]);
  });

  test('asks snapshots only for what is gone', async () => {
    const [main, snapshot] = [
      await archiveOf(offered('a', '1'), offered('b', '2')),
      await archiveOf(offered('b', '1')),
    ];
    const database = await databaseOf(['a', '1'], ['b', '1']);
    const [sources, fallbacks] = [[sourceAt(main.origin)], [sourceAt(snapshot.origin)]];
    expect(words(await find(database, { sources, fallbacks }))).toEqual(['a: same 1', 'b: same 1']);
    const asked = snapshot.asked.length;
    expect(words(await find(await databaseOf(['a', '1']), { sources, fallbacks }))).toEqual(['a: same 1']);
    expect(snapshot.asked).toHaveLength(asked);
  });
});

describe('refusing', () => {
  test.each<[string, Installed, readonly OfferSpec[], string]>([
    ['what no source has', ['x', '1'], [], 'x: refused, not-in-archive'],
    ['what is newer only', ['x', '1'], [offered('x', '2')], 'x: refused, only-newer'],
    ['what is older only', ['x', '2'], [offered('x', '1')], 'x: refused, only-older'],
    [
      'a security update that is no rebuild',
      ['x', '1-1'],
      [offered('x', '1-1+deb12u1')],
      'x: refused, only-newer',
    ],
    [
      'the same version of another source',
      ['x', '1'],
      [offered('x', '1', { Source: 'y' })],
      'x: refused, other-source',
    ],
    [
      'a package of yet another architecture',
      ['x', '1', { Architecture: 'i386' }],
      [offered('x', '1')],
      'x: refused, other-architecture',
    ],
    [
      'a half-installed package',
      ['x', '1', { Status: 'install ok half-configured' }],
      [offered('x', '1')],
      'x: refused, half-installed',
    ],
    [
      'what is there for another architecture only',
      ['x', '1'],
      [offered('x', '1', { Architecture: 'riscv64' })],
      'x: refused, not-in-archive',
    ],
  ])('%s', async (_what, installed, offers, expected) => {
    const archive = await archiveOf(...offers);
    expect(words(await find(await databaseOf(installed), { sources: [sourceAt(archive.origin)] }))).toEqual([
      expected,
    ]);
  });

  test('says which versions there are, the newest first, and what to do', async () => {
    const archive = await archiveOf(offered('x', '1.9'), offered('x', '1.10'));
    const { results } = await find(await databaseOf(['x', '1.2']), { sources: [sourceAt(archive.origin)] });
    expect(results).toMatchObject([
      {
        offered: ['1.10', '1.9'],
        text: 'x 1.2 is in no source any more: the sources have x for arm64 as 1.10, 1.9',
        hint: expect.stringContaining('--allow-upgrade'),
      },
    ]);
  });

  test('an archive without the architecture leaves the package refused, not unknown', async () => {
    const archive = await serve(await archiveFiles({ packages: [], signer, architecture: 'amd64' }));
    closing.push(() => archive.close());
    const found = await find(await databaseOf(['x', '1']), { sources: [sourceAt(archive.origin)] });
    expect(words(found)).toEqual(['x: refused, not-in-archive']);
    expect(found.failures).toMatchObject([
      { reason: 'nothing-for-target', hint: expect.stringContaining('mirror') },
    ]);
  });
});

describe('what is unknown', () => {
  test('a source that is silent may have it: unknown, but what others have is found', async () => {
    const [good, bad] = [await archiveOf(offered('a', '1')), await archiveOf()];
    await bad.close();
    const sources = [sourceAt(bad.origin), sourceAt(good.origin)];
    const found = await find(await databaseOf(['a', '1'], ['b', '1']), { sources });
    expect(words(found)).toEqual(['a: same 1', 'b: unknown, source-unreachable']);
    expect(found.failures).toMatchObject([{ source: sources[0], reason: 'source-unreachable' }]);
  });

  test.each([
    ['unsigned', { signedBy: { kind: 'named' as const, names: ['/nowhere.gpg'] } }, 'source-unsigned'],
    ['expired', { suite: 'expired' }, 'source-expired'],
    ['damaged', { suite: 'damaged' }, 'source-unreadable'],
  ])('a source that is %s', async (_what, more, reason) => {
    const archive = await archiveOf(offered('x', '1'));
    const old = { 'Valid-Until': new Date(now - 1000).toUTCString() };
    for (const [suite, release] of [
      ['expired', old],
      ['damaged', { SHA256: '\nx' }],
    ] as const)
      for (const [path, bytes] of await archiveFiles({ packages: [], signer, suite, release }))
        archive.files.set(path, bytes);
    const found = await find(await databaseOf(['x', '1']), { sources: [sourceAt(archive.origin, more)] });
    expect(words(found)).toEqual([`x: unknown, ${reason}`]);
  });

  test('no sources at all, or some that could not be understood', async () => {
    const database = await databaseOf(['x', '1']);
    expect(words(await find(database, { sources: [] }))).toEqual(['x: unknown, no-sources']);
    const archive = await archiveOf();
    const problems = [{ file: 'etc/apt/sources.list', line: 3, text: 'the line is no source' }];
    const { results } = await find(database, { sources: [sourceAt(archive.origin)], problems });
    expect(results).toMatchObject([
      { kind: 'unknown', reason: 'source-unreadable', text: expect.stringContaining('line 3') },
    ]);
  });

  test('an abort is an abort, not an unknown', async () => {
    const archive = await archiveOf();
    const found = find(await databaseOf(['x', '1']), {
      sources: [sourceAt(archive.origin)],
      signal: AbortSignal.abort(),
    });
    await expect(found).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('upgrading where it is allowed', () => {
  test('takes the newest, and only for what is gone', async () => {
    const archive = await archiveOf(
      offered('a', '1'),
      offered('a', '2'),
      offered('b', '2'),
      offered('b', '3'),
    );
    const database = await databaseOf(['a', '1'], ['b', '1']);
    const sources = [sourceAt(archive.origin)];
    expect(words(await find(database, { sources, allowUpgrade: true }))).toEqual([
      'a: same 1',
      'b: upgrade 3',
    ]);
    expect(words(await find(await databaseOf(['b', '4']), { sources, allowUpgrade: true }))).toEqual([
      'b: refused, only-older',
    ]);
  });

  test('takes all packages of a source to one version, which all have', async () => {
    const of = { Source: 'openssl' };
    const archive = await archiveOf(
      offered('libssl3', '1', of),
      offered('libssl3', '2', of),
      offered('libssl3', '3', of),
      offered('openssl', '2', of),
    );
    const database = await databaseOf(['libssl3', '1', of], ['openssl', '1', of]);
    const found = await find(database, { sources: [sourceAt(archive.origin)], allowUpgrade: true });
    expect(words(found)).toEqual(['libssl3: upgrade 2', 'openssl: upgrade 2']);
  });

  test('never goes to backports', async () => {
    const archive = await serve(
      await archiveFiles({ packages: [offered('x', '2')], signer, release: { NotAutomatic: 'yes' } }),
    );
    closing.push(() => archive.close());
    const sources = [sourceAt(archive.origin)];
    const database = await databaseOf(['x', '1']);
    expect(words(await find(database, { sources, allowUpgrade: true }))).toEqual(['x: refused, only-newer']);
    expect(words(await find(await databaseOf(['x', '2']), { sources }))).toEqual(['x: same 2']);
  });

  test('refuses where they have none in common', async () => {
    const of = { Source: 'openssl' };
    const archive = await archiveOf(offered('libssl3', '1', of), offered('openssl', '2', of));
    const database = await databaseOf(['libssl3', '1', of], ['openssl', '1', of]);
    const found = await find(database, { sources: [sourceAt(archive.origin)], allowUpgrade: true });
    expect(words(found)).toEqual(['libssl3: refused, siblings-differ', 'openssl: refused, siblings-differ']);
  });
});
