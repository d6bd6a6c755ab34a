import { afterAll, beforeAll, expect, test } from 'vitest';
import { executable, file, type Machine, userland, writeElf } from '../../../fixture/index.ts';
import { expectSound, sharedPortWorld } from '../../shared-world.test-support.ts';
import { type RunningIndex, serveIndex } from './index.test-support.ts';
import { amd64, arm64, install, pairOf, sha256, site } from './wheels.test-support.ts';

const world = sharedPortWorld();
const [old, now] = pairOf();
let index: RunningIndex;
beforeAll(async () => {
  index = await serveIndex({ projects: { fast: [{ wheel: old }, { wheel: now }] } });
});
afterAll(() => index.close());

const withPython = (machine: Machine) => [
  ...userland(machine),
  executable('usr/bin/python3.11', writeElf({ machine, interpreter: true, needed: ['libc.so.6'] })),
];
const python = () => ({ indexes: [index.url.replace('http://', 'http://reader:secret@')] });
const Cmd = ['/usr/bin/python3.11', '-c', 'import fast'];

test('an image with a compiled package is ported, audited right, and says what it took', async () => {
  const layers = [install(old), [file('srv/app.py', 'import fast\n')]];
  const ported = await world.ported(layers, { files: withPython, config: { Cmd } }, { python: python() });
  const pulled = await expectSound(world, ported);
  const { result } = ported;
  expect(result).toMatchObject({ outcome: 'published', audit: { verdict: 'right' }, refusals: [] });
  expect(result.layers.map(({ kind }) => kind)).toEqual(['base', 'rewritten', 'kept']);
  expect(result.totals).toMatchObject({ replaced: 3, dropped: 1, added: 2 });
  expect(result.materials).toMatchObject([
    { origin: 'python', purl: 'pkg:pypi/fast@1.0', sha256: sha256(now.bytes) },
  ]);
  expect(JSON.stringify(result)).not.toContain('secret');
  const libraries = pulled?.view.list(`${site}/fast.libs`).map(({ path, entry }) => [path, entry.sha256]);
  expect(libraries).toEqual([[`${site}/fast.libs/libz-9f8e.so.1`, sha256(arm64)]]);
  const code = `${site}/fast/_speed.cpython-311-aarch64-linux-gnu.so`;
  expect(pulled?.view.lookup(code)?.entry).toMatchObject({ sha256: sha256(arm64), mtime: 1_700_000_000 });
});

test('a package without a counterpart is one refusal, and its files are judged one by one once that is waived', async () => {
  const [other] = pairOf({ version: '2.0' });
  const spec = { files: withPython, config: { Cmd } };
  const refused = await world.ported([install(other)], spec, { python: python() });
  await expectSound(world, refused);
  const info = `/${site}/fast-2.0.dist-info`;
  expect(refused.result).toMatchObject({
    outcome: 'refused',
    refusals: [{ path: info, guess: 'python: fast 2.0' }],
  });
  const waivers = [{ path: info, reason: 'it has a slow path' }];
  const waived = await world.ported([install(other)], spec, { python: python(), waivers });
  await expectSound(world, waived);
  expect(waived.result.refusals.map(({ path, kind }) => `${kind} ${path}`).sort()).toEqual([
    `no-counterpart /${site}/fast.libs/libz-0a1b.so.1`,
    `no-counterpart /${site}/fast/_speed.cpython-311-x86_64-linux-gnu.so`,
  ]);
});

test('an image whose index nobody knows is undetermined, and nothing is published', async () => {
  const undetermined = await world.ported([install(old)], { files: withPython, config: { Cmd } });
  await expectSound(world, undetermined);
  expect(undetermined.result).toMatchObject({ outcome: 'unknown', refusals: [{ undetermined: true }] });
  const named = `/${site}/fast/_speed.cpython-311-x86_64-linux-gnu.so`;
  expect(undetermined.result.refusals.map(({ path }) => path)).not.toContain(named);
  expect(amd64).not.toEqual(arm64);
});
