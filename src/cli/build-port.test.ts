import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fakeIo } from '../../test/support/fake-io.ts';
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
import { portResultSchema } from '../results/index.ts';
import { run } from './build-start.ts';

let directory = '';
let registry: RunningRegistry;
const client = createRegistryClient();

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'armload-build-port-'));
  registry = await startRegistry({ directory: join(directory, 'registry') });
  const image = (machine: Machine, ...more: Parameters<typeof executable>[]) =>
    buildImage({
      platform: platformOf(`linux/${machine}`),
      layers: [userland(machine), ...more.map((one) => [executable(...one)])],
      config: { Cmd: ['/usr/bin/sh'] },
    });
  const repository = (name: string) => client.repository({ registry: registry.host, repository: name });
  await push(repository('base'), buildIndex([await image('amd64'), await image('arm64')]), {
    tag: '1',
  });
  const tool = await image('amd64', ['usr/bin/tool', writeElf({ machine: 'amd64' })]);
  await push(repository('tool'), tool, { tag: '1.2.0' });
  await writeFile(join(directory, 'tool-arm64'), writeElf({ machine: 'arm64' }));
  await writeFile(
    join(directory, 'tool.yaml'),
    `schemaVersion: 1
kind: port
name: tool
parameters:
  version: { default: 1.2.0 }
  tool: { default: '' }
  sum: { default: '' }
image: '${registry.host}/tool:\${{ parameters.version }}'
bases: ['${registry.host}/base:1']
replace:
  - { path: /usr/bin/tool, from: '\${{ parameters.tool }}', sha256: { parameter: sum } }
publish: { name: tool, tag: '\${{ parameters.version }}' }
`,
  );
});
afterAll(async () => {
  await client.close();
  await registry.close();
  await rm(directory, { recursive: true, force: true });
});

const named = ['tool.yaml', '--param', 'tool=./tool-arm64'];

async function build(...args: string[]) {
  const io = fakeIo({ cwd: directory, environment: { HOME: directory } });
  const all = [...args, '--cache-dir', join(directory, 'cache'), '--format', 'json'];
  const code = await run(all, io);
  return { code, result: portResultSchema.parse(JSON.parse(io.stdout.text)) };
}

describe('armload build of a port recipe', () => {
  test('publishes below the prefix, and prints what a port prints', async () => {
    const { code, result } = await build(...named, '--to', `${registry.host}/mine/`);
    expect(result).toMatchObject({
      outcome: 'published',
      destination: `${registry.host}/mine/tool:1.2.0`,
      audit: { verdict: 'right' },
    });
    expect(code).toBe(0);
  });

  test('writes into a folder', async () => {
    const { code, result } = await build(...named, '--to', 'oci:out');
    expect(result).toMatchObject({ outcome: 'published' });
    expect(code).toBe(0);
  });

  test('with --dry-run writes nothing, and needs no destination', async () => {
    const { code, result } = await build(...named, '--dry-run');
    expect(result).toMatchObject({ outcome: 'planned' });
    expect(code).toBe(0);
  });

  test('ends with 1 where something is refused', async () => {
    const { code, result } = await build('tool.yaml', '--dry-run');
    expect(result).toMatchObject({ outcome: 'refused', refusals: [{ path: '/usr/bin/tool' }] });
    expect(code).toBe(1);
  });

  test.each([
    [['--on', 'docker://debian:12'], /--on is for recipes with steps/],
    [['--jobs', '2'], /--jobs is for recipes with steps/],
    [[], /has to go somewhere/],
    [['--param', 'tool=https://releases.example/tool'], /--param tool is given twice/],
  ])('refuses %j', async (more, message) => {
    await expect(build(...named, ...more)).rejects.toThrow(message);
  });

  test('asks for a checksum by its parameter', async () => {
    const args = ['tool.yaml', '--param', 'tool=https://releases.example/tool', '--dry-run'];
    await expect(build(...args)).rejects.toThrow(/give --param sum=HEX/);
  });
});
