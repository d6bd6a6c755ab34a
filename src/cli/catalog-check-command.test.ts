import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { fakeIo } from '../../test/support/fake-io.ts';
import { buildIndex, singleArch } from '../fixture/index.ts';
import { startReleaseServer } from '../observe/channels/release-server.test-support.ts';
import { bothPlatforms, startWorld, type World } from '../observe/world.test-support.ts';
import { catalogCheckResultSchema, observationSchema } from '../results/index.ts';
import { run } from './catalog-check-command.ts';

let world: World;
let turn = 0;
let observations = '';
beforeAll(async () => {
  world = await startWorld();
  const products = join(world.folder, 'own', 'products');
  await mkdir(products, { recursive: true });
  const product = (name: string) => `schemaVersion: 1
kind: product
name: ${name}
title: ${name}
delivery: [image]
images:
  - reference: ${world.host}/${name}
    role: server
claims:
  - text: arm64 since 1.0.0
    says: supported
    versions: '>=1.0.0'
    source: https://app.example/
    date: 2025-01-01
`;
  for (const name of ['good-app', 'old-app', 'lying-app', 'no-app'])
    await writeFile(join(products, `${name}.yaml`), product(name));
  await world.push('good-app:1.0.0', await bothPlatforms());
  await world.push('old-app:1.0.0', buildIndex([await singleArch('amd64')]));
  await world.push('lying-app:1.0.0', await bothPlatforms('amd64'));
});
afterAll(() => world.close());
beforeEach(() => {
  turn += 1;
  observations = join(world.folder, `seen-${turn}`);
});

async function check(...args: readonly string[]) {
  const io = fakeIo({ cwd: world.folder, environment: {} });
  const own = ['--catalog', 'own', '--observations', observations, '--no-cache'];
  const code = await run([...args, ...own], io);
  return { code, stdout: io.stdout.text, stderr: io.stderr.text };
}

async function kept(product: string) {
  const text = await readFile(join(observations, `${product}.jsonl`), 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => observationSchema.parse(JSON.parse(line)));
}

describe('the exit code of', () => {
  test.each([
    ['an image that has the platform', ['good-app'], 0, 'multi-arch'],
    ['one that contradicts what is said of it', ['old-app'], 1, 'regressed'],
    ['one that lies, as far as documents tell', ['lying-app'], 0, 'multi-arch'],
    ['one that lies, by its bytes', ['lying-app', '--audit'], 1, 'mislabelled'],
    ['one that nobody can tell of', ['no-app'], 2, 'not-found'],
    ['all of them: 2 never hides 1', ['good-app', 'old-app', 'no-app'], 1, '3 products'],
  ])('%s', async (_name, args, code, text) => {
    const told = await check(...args, '--all');
    expect(told).toMatchObject({ code });
    expect(told.stdout).toContain(text);
  });
});

test('what was seen is kept, a line each, and is known the next time', async () => {
  await check('good-app');
  expect(await kept('good-app')).toMatchObject([{ result: 'multi-arch', method: 'manifest' }]);
  const again = await check('good-app', '--older-than', '1d', '--format', 'json');
  const result = catalogCheckResultSchema.parse(JSON.parse(again.stdout));
  expect(result.products).toMatchObject([
    { observations: [], fresh: [{ reference: `${world.host}/good-app:1.0.0` }] },
  ]);
  expect(await kept('good-app')).toHaveLength(1);
});

test('a dry run keeps nothing, and says so', async () => {
  expect((await check('good-app', '--dry-run')).stdout).toContain('nothing was recorded');
  expect(await kept('good-app')).toEqual([]);
});

test.each([
  ['a product that is not there', ['good-ap'], 'no product "good-ap"'],
  ['no network', ['good-app', '--offline'], 'offline none is asked'],
  ['bytes without an audit', ['good-app', '--max-bytes', '1GB'], 'Add --audit'],
  ['an age that is none', ['good-app', '--older-than', 'week'], 'is not an age'],
  ['a tag that is none', ['good-app', '--tag', 'a/b'], 'is not a tag'],
])('%s is said before anything is asked', async (_name, args, text) => {
  world.takeRequests();
  await expect(check(...args)).rejects.toSatisfy((error: Error & { hint?: string }) =>
    `${error.message} ${error.hint}`.includes(text),
  );
  expect(world.takeRequests()).toEqual([]);
});

test('an interruption gives no result', async () => {
  const io = fakeIo({ cwd: world.folder, environment: {} });
  io.abort.abort();
  const own = ['--catalog', 'own', '--observations', observations, '--no-cache'];
  await expect(run(['good-app', ...own], io)).rejects.toThrow(/abort/i);
  expect(io.stdout.text).toBe('');
});

test('channels are looked at where a product has them, and what nobody could tell of one gives 2', async () => {
  const server = await startReleaseServer();
  try {
    for (const architecture of ['arm64', 'amd64']) server.release('stable', architecture, '3033.2.0');
    server.release('beta', 'amd64', '3033.1.1');
    const { version, variable, latest, files } = server.channels;
    const list = ['stable', 'beta'].map((name) => ({ name, since: '3033.2.0' }));
    const own = {
      schemaVersion: 1,
      kind: 'product',
      name: 'channel-os',
      title: 'Channel OS',
      delivery: ['machine-image'],
    };
    const document = { ...own, channels: { version, variable, latest, files, list } };
    await writeFile(join(world.folder, 'own', 'products', 'channel-os.yaml'), JSON.stringify(document));
    const { code, stdout } = await check('channel-os');
    expect(stdout).toContain('channel    stable  has 3033.2.0; since 3033.2.0, confirmed');
    expect(stdout).toContain(
      'channel    beta  none; linux/amd64 has 3033.1.1; since 3033.2.0, as people say',
    );
    expect(code).toBe(0);
    server.answer('/beta/arm64-usr/current/version.txt', 403);
    const { code: untold, stdout: json } = await check('channel-os', '--format', 'json');
    expect(catalogCheckResultSchema.parse(JSON.parse(json)).products[0]?.channels).toMatchObject([
      { channel: 'stable', result: 'has' },
      { channel: 'beta', result: 'unknown', reason: 'unauthorized' },
    ]);
    expect(untold).toBe(2);
  } finally {
    await server.close();
  }
});
