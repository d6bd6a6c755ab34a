import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fakeIo } from '../../test/support/fake-io.ts';
import { buildIndex, singleArch } from '../fixture/index.ts';
import { bothPlatforms, startWorld, type World } from '../observe/world.test-support.ts';
import { type Remedy, scanResultSchema } from '../results/index.ts';
import { run as runCheck } from './catalog-check-command.ts';
import { run } from './run.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
  await mkdir(join(world.folder, 'own', 'products'), { recursive: true });
  await mkdir(join(world.folder, 'own', 'recipes'), { recursive: true });
  await writeFile(
    join(world.folder, 'own', 'products', 'shop-app.yaml'),
    `schemaVersion: 1
kind: product
name: shop-app
title: Shop app
delivery: [image]
images:
  - reference: ${world.host}/shop/app
    role: server
claims:
  - text: arm64 since 2.0.0
    says: supported
    versions: '>=2.0.0'
    source: https://app.example/
    date: 2025-01-01
workarounds:
  - kind: third-party-image
    text: somebody builds it
    until: 2099-01-01
    image: { reference: ${world.host}/somebody/app, trust: personal }
`,
  );
  await world.push('shop/app:1.0.0', buildIndex([await singleArch('amd64')]));
  await world.push('shop/app:2.0.0', await bothPlatforms());
});
afterAll(() => world.close());

const own = () => ['--catalog', 'own', '--observations', 'seen'];

async function scan(...args: readonly string[]): Promise<{ remedies: readonly Remedy[]; code: number }> {
  const io = fakeIo({ cwd: world.folder, environment: {} });
  const code = await run(
    ['scan', `${world.host}/shop/app:1.0.0`, '--no-cache', '--format', 'json', ...args],
    io,
  );
  expect(io.stderr.text).toBe('');
  const result = scanResultSchema.parse(JSON.parse(io.stdout.text));
  return { code, remedies: result.images[0]?.remedies ?? [] };
}

describe('a scan with a catalog', () => {
  test('names what is claimed, what somebody else makes, and a port, in this order; none of it is checked', async () => {
    const { remedies, code } = await scan(...own());
    expect(code).toBe(1);
    expect(
      remedies.map(({ kind, reference, trust, verified }) => [kind, reference, trust, verified]),
    ).toEqual([
      ['use-tag', `${world.host}/shop/app:2.0.0`, undefined, false],
      ['use-image', `${world.host}/somebody/app:1.0.0`, 'personal', false],
      ['port', undefined, undefined, false],
    ]);
  });

  test('believes a newer tag once a check has audited it', async () => {
    const io = fakeIo({ cwd: world.folder, environment: {} });
    expect(await runCheck(['shop-app', '--tag', '2.0.0', '--audit', '--no-cache', ...own()], io)).toBe(0);
    const { remedies } = await scan(...own());
    expect(remedies[0]).toMatchObject({
      kind: 'use-tag',
      reference: `${world.host}/shop/app:2.0.0`,
      verified: true,
    });
  });

  test('asks none with --no-catalog, wherever that stands', async () => {
    for (const args of [['--no-catalog'], ['--catalog', 'own', '--no-catalog']])
      expect((await scan(...args)).remedies.map(({ kind }) => kind)).toEqual(['port']);
    expect((await scan('--no-catalog', '--catalog', 'own')).remedies.length).toBeGreaterThan(1);
  });

  test('says at once where its own catalog can not be read', async () => {
    const io = fakeIo({ cwd: world.folder, environment: {} });
    world.takeRequests();
    expect(await run(['scan', `${world.host}/shop/app:1.0.0`, '--catalog', 'nowhere'], io)).not.toBe(0);
    expect(io.stderr.text).toContain('nowhere');
    expect(world.takeRequests()).toEqual([]);
  });
});
