import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildIndex, multiArch, push, singleArch } from '../fixture/index.ts';
import { createRegistryClient, openLayout, type RunningRegistry, startRegistry } from '../registry/index.ts';
import type { Remedy } from '../results/index.ts';
import { type RemedySource, type ScanOptions, scan } from './index.ts';

let folder = '';
let registry: RunningRegistry;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'armload-remedies-'));
  registry = await startRegistry({ directory: join(folder, 'registry') });
  const client = createRegistryClient();
  const open = (repository: string) => client.repository({ registry: registry.host, repository });
  const ready = await multiArch('amd64', 'arm64');
  await push(open('app'), ready, { tag: 'ready' });
  await push(open('team/app'), buildIndex([await singleArch('amd64')]), { tag: '1' });
  await push(open('windows'), buildIndex([await singleArch('windows/amd64')]), { tag: '1' });
  await client.close();
  const layout = await openLayout(join(folder, "it's"), { create: true });
  await push(layout, singleArch('amd64'), { tag: '1' });
});
afterAll(async () => {
  await registry.close();
  await rm(folder, { recursive: true, force: true });
});

async function remediesOf(name: string, options: Partial<ScanOptions> = {}): Promise<readonly Remedy[]> {
  const inputs = [name.startsWith('oci:') ? name : `${registry.host}/${name}`];
  const result = await scan({ inputs, noCache: true, environment: {}, cwd: folder, ...options });
  return result.images[0]?.remedies ?? [];
}

/** A catalog that says so much, and counts how often it's opened and what it's asked. */
function catalogOf(...remedies: Remedy[]) {
  const asked: string[] = [];
  let opened = 0;
  const source: RemedySource = {
    remediesFor: (reference) => {
      asked.push(reference.slice(registry.host.length + 1));
      return Promise.resolve(remedies);
    },
  };
  return {
    asked,
    opened: () => opened,
    open: () => {
      opened += 1;
      return Promise.resolve(source);
    },
  };
}

const claimed: Remedy = {
  kind: 'use-tag',
  reference: 'registry.example/app:2',
  verified: false,
  why: 'it is said',
};
const audited: Remedy = {
  kind: 'use-tag',
  reference: 'registry.example/app:3',
  verified: true,
  why: 'an audit',
};

describe('a missing image', () => {
  test('can be ported: a command that can be run as it is', async () => {
    expect(await remediesOf('team/app:1')).toMatchObject([
      {
        kind: 'port',
        command: `armload port ${registry.host}/team/app:1 --to oci:./app-arm64:1`,
        verified: false,
      },
    ]);
    const [remedy] = await remediesOf('team/app:1', { platform: { os: 'linux', architecture: 'riscv64' } });
    expect(remedy?.command).toContain('--to oci:./app-riscv64:1 --platform linux/riscv64');
  });

  test('of a layout is quoted for a shell', async () => {
    const [remedy] = await remediesOf("oci:it's:1");
    expect(remedy?.command).toBe(`armload port 'oci:it'\\''s:1' --to oci:./image-arm64:ported`);
  });

  test('can not be made out of one for Windows', async () => {
    expect(await remediesOf('windows:1')).toEqual([]);
  });

  test('is asked of the catalog: what an audit has proved comes first, a port of one own last', async () => {
    const catalog = catalogOf(claimed, audited);
    const remedies = await remediesOf('team/app:1', { catalog: catalog.open });
    expect(remedies.map(({ kind, reference }) => reference ?? kind)).toEqual([
      'registry.example/app:3',
      'registry.example/app:2',
      'port',
    ]);
    expect(catalog.asked).toEqual(['team/app:1']);
  });

  test('is not ported twice where the catalog speaks of it', async () => {
    const own: Remedy = {
      kind: 'port',
      command: 'armload port X --to Y --base Z',
      verified: false,
      why: 'with a base',
    };
    expect(await remediesOf('team/app:1', { catalog: catalogOf(own).open })).toEqual([own]);
  });
});

test('the catalog is not opened where all is ready, nor asked of what is', async () => {
  const catalog = catalogOf(claimed);
  expect(await remediesOf('app:ready', { catalog: catalog.open })).toEqual([]);
  expect(catalog.opened()).toBe(0);
});

test('what is not there is asked of it, because it may have moved; what nobody may see is not', async () => {
  const catalog = catalogOf(claimed);
  expect(await remediesOf('app:nowhere', { catalog: catalog.open })).toMatchObject([{ kind: 'use-tag' }]);
  await remediesOf('app:1', { catalog: catalog.open, offline: true });
  expect(catalog.asked).toEqual(['app:nowhere']);
});
