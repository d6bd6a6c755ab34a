import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  buildImage,
  buildIndex,
  executable,
  type Machine,
  platformOf,
  push,
  userland,
  writeElf,
} from '../fixture/index.ts';
import { createRegistryClient, type RunningRegistry, startRegistry } from '../registry/index.ts';
import type { ImageAudit } from '../results/index.ts';
import { type AuditOptions, audit } from './index.ts';

let folder = '';
let registry: RunningRegistry;
const requests: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'armload-kept-audits-'));
  registry = await startRegistry({
    directory: join(folder, 'registry'),
    onRequest: ({ path }) => requests.push(path),
  });
});
afterAll(async () => {
  await registry.close();
  await rm(folder, { recursive: true, force: true });
});

function imageFor(label: string, machine: Machine) {
  const server = writeElf({ machine, interpreter: true, needed: ['libc.so.6'] });
  return buildImage({
    platform: platformOf(label),
    layers: [userland(machine), [executable('app/server', server)]],
    config: { Entrypoint: ['/app/server'] },
  });
}

/** Pushes an index whose arm64 image is of this machine; gives its reference and the digest of its amd64 image. */
async function pushed(repository: string, machine: Machine) {
  const amd64 = await imageFor('linux/amd64', 'amd64');
  const index = buildIndex([amd64, await imageFor('linux/arm64', machine)]);
  const client = createRegistryClient();
  await push(client.repository({ registry: registry.host, repository }), index, { tag: 'v1' });
  await client.close();
  return { reference: `${registry.host}/${repository}:v1`, sibling: amd64.manifest.descriptor.digest };
}

/** Audits with a cache of its own for `name`, and counts the requests for blobs. */
async function auditOf(
  reference: string,
  name: string,
  options: Partial<AuditOptions> = {},
): Promise<{ readonly image: ImageAudit; readonly blobs: number }> {
  requests.length = 0;
  const cacheDirectory = join(folder, `cache-${name}`);
  const settings = { generation: '1', cacheDirectory, environment: {}, ...options };
  const { images } = await audit({ references: [reference], ...settings });
  return {
    image: images[0] as ImageAudit,
    blobs: requests.filter((path) => path.includes('/blobs/')).length,
  };
}

/** Files of audits that are kept. */
async function keptIn(name: string): Promise<readonly string[]> {
  const shelves = join(folder, `cache-${name}`, 'audits');
  const found = await readdir(shelves, { recursive: true }).catch(() => []);
  return found.filter((path) => path.includes('/'));
}

test('what was found of an image is given again without a look at it, under the name it is asked by', async () => {
  const first = await pushed('kept/one', 'amd64');
  const second = await pushed('kept/other-name', 'amd64');
  const cold = await auditOf(first.reference, 'again');
  expect(cold.image.verdict).toBe('mislabelled');
  expect(cold.image.causes).not.toEqual([]);
  // So that a look at the layers could not go unseen.
  await rm(join(folder, 'cache-again', 'layers'), { recursive: true });
  expect(await auditOf(first.reference, 'again')).toEqual({ image: cold.image, blobs: 0 });
  const { reference } = second;
  const renamed = { ...cold.image, reference, written: reference };
  expect(await auditOf(reference, 'again')).toEqual({ image: renamed, blobs: 0 });
});

test('another question gets an answer of its own', async () => {
  const { reference } = await pushed('kept/questions', 'arm64');
  const asked: Partial<AuditOptions>[] = [
    {},
    { override: { command: ['/app/none'] } },
    { override: { args: ['/app/none'] } },
    { platform: { os: 'linux', architecture: 'amd64' } },
    { allPlatforms: true },
    { generation: '2' },
  ];
  const fresh: ImageAudit[] = [];
  for (const [index, options] of asked.entries())
    fresh.push((await auditOf(reference, `question-${index}`, options)).image);
  for (const [index, options] of asked.entries()) {
    const { image } = await auditOf(reference, 'questions', options);
    expect(image).toEqual(fresh[index]);
  }
  // All platforms are two images.
  expect(await keptIn('questions')).toHaveLength(asked.length + 1);
  expect(fresh[1]?.entries).not.toEqual(fresh[0]?.entries);
});

test('what could not be read in full is not kept', async () => {
  const { reference, sibling } = await pushed('kept/siblings', 'amd64');
  const whole = (await auditOf(reference, 'whole')).image;
  const hidden = await hide(sibling);
  const partly = await auditOf(reference, 'partly');
  expect(partly.image.causes).not.toEqual(whole.causes);
  expect(await keptIn('partly')).toEqual([]);
  await hidden.bringBack();
  expect((await auditOf(reference, 'partly')).image).toEqual(whole);
  expect(await keptIn('partly')).toHaveLength(1);
});

test('nothing is kept without a cache, or where nobody says which armload it is', async () => {
  const { reference } = await pushed('kept/none', 'arm64');
  await auditOf(reference, 'none', { noCache: true });
  const { reference: same } = await pushed('kept/none', 'arm64');
  const cacheDirectory = join(folder, 'cache-none');
  await audit({ references: [same], cacheDirectory, environment: {} });
  expect(await keptIn('none')).toEqual([]);
});

test('a kept result that was damaged is not believed', async () => {
  const { reference } = await pushed('kept/damaged', 'arm64');
  const { image } = await auditOf(reference, 'damaged');
  const [file = ''] = await keptIn('damaged');
  const path = join(folder, 'cache-damaged', 'audits', file);
  await writeFile(path, (await readFile(path)).toString('latin1').replace('"right"', '"wrong"'), 'latin1');
  expect((await auditOf(reference, 'damaged')).image).toEqual(image);
});

/** Takes a manifest away from the registry's disk. */
async function hide(digest: string) {
  const root = join(folder, 'registry');
  const hex = digest.slice('sha256:'.length);
  const files = (await readdir(root, { recursive: true })).filter((path) => path.endsWith(hex));
  expect(files).not.toEqual([]);
  for (const path of files) await rename(join(root, path), join(root, `${path}.away`));
  return {
    bringBack: async () => {
      for (const path of files) await rename(join(root, `${path}.away`), join(root, path));
    },
  };
}
