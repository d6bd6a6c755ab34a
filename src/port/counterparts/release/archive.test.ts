import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { executable, file, symlink, writeElf } from '../../../fixture/index.ts';
import { storedXz } from '../debian/xz/xz.test-support.ts';
import { type ReleaseLimits, releaseOrigin } from './index.ts';
import { imageOf, sha256, tarOf, workplace, zipOf } from './release.test-support.ts';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

const arm64 = writeElf({ machine: 'arm64' });
const image = imageOf([executable('usr/bin/app', writeElf({ machine: 'amd64' }))]);

async function planOf(archive: Uint8Array, member: string, limits: Partial<ReleaseLimits> = {}) {
  const { context, cwd, remove } = workplace();
  closing.push(remove);
  writeFileSync(join(cwd, 'app.archive'), archive);
  const origin = releaseOrigin([{ path: '/usr/bin/app', from: `app.archive!/${member}` }], { cwd, limits });
  return origin.plan(await image, context);
}

async function whyNot(archive: Uint8Array, member: string, limits: Partial<ReleaseLimits> = {}) {
  const plan = await planOf(archive, member, limits);
  expect(plan.paths.size).toBe(0);
  expect(plan.refusals).toMatchObject([{ kind: 'counterpart', waivable: false }]);
  return plan.refusals[0]?.why;
}

const tar = () =>
  tarOf(file('./README', 'read me'), executable('./dist/app', arm64), symlink('dist/link', 'app'));

describe('a file in an archive', () => {
  test.each<readonly [string, () => Promise<Uint8Array> | Uint8Array]>([
    ['tar', tar],
    ['tar.gz', async () => gzipSync(await tar())],
    ['tar.xz', async () => storedXz(await tar())],
    ['zip', () => zipOf({ README: Buffer.from('read me'), 'dist/app': arm64, empty: Buffer.alloc(0) })],
  ])('is taken out of a %s', async (_, archive) => {
    const bytes = await archive();
    const plan = await planOf(bytes, 'dist/app');
    expect(plan.refusals).toEqual([]);
    expect(plan.paths.get('usr/bin/app')).toMatchObject({
      with: { sha256: sha256(arm64), size: arm64.length, origin: 'release: app.archive!/dist/app' },
    });
    expect(plan.materials).toEqual([
      {
        origin: 'release',
        name: 'app.archive',
        uri: 'file:app.archive',
        sha256: sha256(bytes),
        size: bytes.length,
        notes: [`its file dist/app, with SHA-256 ${sha256(arm64)}`],
      },
    ]);
  });

  test('that is not there is refused, with one of the same name', async () => {
    const why = await whyNot(gzipSync(await tar()), 'bin/app');
    expect(why).toContain('it has no bin/app; it has dist/app');
    expect(await whyNot(zipOf({ 'dist/app': arm64 }), 'bin/app')).toContain(
      'it has no bin/app; it has dist/app',
    );
  });

  test('that is a link, or a folder, is refused', async () => {
    expect(await whyNot(await tar(), 'dist/link')).toContain('a link to app: name that');
    expect(await whyNot(await tarOf({ name: 'dist/', type: 'directory' }), 'dist')).toContain(
      'no plain file',
    );
  });

  test('that is there twice is refused: nobody can tell which is meant', async () => {
    const twice = await tarOf(executable('app', arm64), executable('./app', 'other'));
    expect(await whyNot(twice, 'app')).toContain('twice');
    expect(await whyNot(zipOf({ app: arm64, './app': arm64 }), 'app')).toContain('twice');
  });
});

describe("an archive that can't be unpacked", () => {
  test('is refused, with what is wrong', async () => {
    expect(await whyNot(arm64, 'app')).toContain('unpack it first');
    expect(await whyNot(gzipSync('no tar at all'.repeat(100)), 'app')).toContain("can't be unpacked");
    expect(await whyNot(gzipSync(await tar()).subarray(0, 200), 'dist/app')).toContain("can't be unpacked");
    expect(await whyNot(Buffer.alloc(0), 'app')).toContain('unpack it first');
  });

  test('for it gives more than it may', async () => {
    const bomb = gzipSync(Buffer.concat([await tarOf(file('big', Buffer.alloc(4 * 1024 ** 2)))]));
    expect(await whyNot(bomb, 'app', { unpackedBytes: 1024 ** 2 })).toContain('unpacks to more than');
    expect(await whyNot(bomb, 'big', { bytes: 1024 ** 2 })).toContain('more than 1048576 bytes');
    const zipped = zipOf({ big: Buffer.alloc(4 * 1024 ** 2) });
    expect(await whyNot(zipped, 'big', { bytes: 1024 ** 2 })).toContain('more than 1048576 bytes');
  });

  test('of whatever bytes ends with a plan or a refusal', async () => {
    const whole = zipOf({ 'dist/app': arm64 });
    const packed = gzipSync(await tar());
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(whole, packed),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        async (archive, at, flip) => {
          const damaged = Buffer.from(archive);
          const index = at % damaged.length;
          damaged[index] = (damaged[index] ?? 0) ^ flip;
          const plan = await planOf(damaged, 'dist/app');
          expect(plan.paths.size + plan.refusals.length).toBeGreaterThan(0);
        },
      ),
      { numRuns: 60 },
    );
  });
});
