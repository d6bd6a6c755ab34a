import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  buildImage,
  buildIndex,
  executable,
  type Machine,
  multiArch,
  platformOf,
  userland,
  writeElf,
} from '../../src/fixture/index.ts';
import { auditResultSchema, scanResultSchema } from '../../src/results/index.ts';
import { runCommand } from '../support/command.ts';
import { type FaultyRegistry, startFaultyRegistry } from '../support/faulty-registry.ts';

let directory = '';
let registry: FaultyRegistry;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'armload-audit-'));
  registry = await startFaultyRegistry({
    manifests: {
      'right:1': await index('arm64'),
      'lying:1': await index('amd64'),
      'small:1': await multiArch('amd64', 'arm64'),
    },
  });
});
afterAll(async () => {
  await registry.close();
  await rm(directory, { recursive: true, force: true });
});

async function index(arm64: Machine) {
  const images = (['amd64', 'arm64'] as const).map((claimed) => {
    const machine = claimed === 'amd64' ? 'amd64' : arm64;
    const server = writeElf({ machine, interpreter: true, needed: ['libc.so.6'] });
    return buildImage({
      platform: platformOf(claimed),
      layers: [userland(machine), [executable('srv/server', server)]],
      config: { Entrypoint: ['/srv/server'] },
    });
  });
  return buildIndex(await Promise.all(images));
}

function armload(...args: readonly string[]) {
  return runCommand(args, { cwd: directory });
}

describe('armload audit, as it is installed', () => {
  test.each([
    ['right:1', 0, 'right'],
    ['small:1', 0, 'right'],
    ['lying:1', 1, 'mislabelled'],
    ['gone:1', 2, 'unknown'],
  ])('ends for %s with code %i: %s', async (name, expected, verdict) => {
    const { code, stdout, stderr } = await armload(
      'audit',
      '--no-cache',
      '--format',
      'json',
      `${registry.host}/${name}`,
    );
    expect([code, stderr]).toEqual([expected, '']);
    const result = auditResultSchema.parse(JSON.parse(stdout));
    expect(result.images.map((image) => image.verdict)).toEqual([verdict]);
  });

  test('reads layers on other threads, keeps what it read, and then fetches none', async () => {
    const layers = () => registry.requests.filter(({ path }) => path.includes('/blobs/')).length;
    const args = ['audit', '--cache-dir', 'cache', `${registry.host}/lying:1`];
    const cold = await armload(...args);
    const fetched = layers();
    expect(fetched).toBeGreaterThan(0);
    expect((await readdir(join(directory, 'cache', 'layers'))).length).toBeGreaterThan(0);
    expect(await armload(...args)).toEqual(cold);
    expect(layers()).toBe(fetched);
  });

  test('in a deep scan turns what claims the platform into what it is', async () => {
    const names = ['right:1', 'lying:1'].map((name) => `docker://${registry.host}/${name}`);
    const { code, stdout } = await armload('scan', '--no-cache', '--deep=all', '--format', 'json', ...names);
    const { images } = scanResultSchema.parse(JSON.parse(stdout));
    expect([code, images.map(({ readiness }) => readiness.state)]).toEqual([1, ['mislabelled', 'ready']]);
  });
});
