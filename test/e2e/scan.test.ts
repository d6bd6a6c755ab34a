import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { multiArch, singleArch } from '../../src/fixture/index.ts';
import { scanResultSchema } from '../../src/results/index.ts';
import { runCommand } from '../support/command.ts';
import { type FaultyRegistry, startFaultyRegistry } from '../support/faulty-registry.ts';

let directory = '';
let registry: FaultyRegistry;
let amd64Child = '';

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'armload-scan-'));
  const both = await multiArch('amd64', 'arm64');
  registry = await startFaultyRegistry({
    manifests: { 'ready:1': both, 'old:1': await singleArch('amd64'), 'new:1': await singleArch('arm64') },
  });
  amd64Child = both.children[0]?.manifest.descriptor.digest ?? '';
  await mkdir(join(directory, 'deploy'));
  await writeFile(join(directory, 'deploy', 'web.yaml'), deployment());
});
afterAll(async () => {
  await registry.close();
  await rm(directory, { recursive: true, force: true });
});

function deployment(): string {
  return [
    'apiVersion: apps/v1',
    'kind: Deployment',
    'metadata: {name: web, namespace: shop}',
    'spec:',
    '  selector: {matchLabels: {app: web}}',
    '  template:',
    '    metadata: {labels: {app: web}}',
    '    spec:',
    '      nodeSelector:',
    '        kubernetes.io/arch: amd64',
    '      containers:',
    `      - {name: app, image: "${registry.host}/ready:1"}`,
    `      - {name: old, image: "${registry.host}/old:1"}`,
    '',
  ].join('\n');
}

function scan(...args: readonly string[]) {
  return runCommand(['scan', '--no-cache', ...args], { cwd: directory });
}

describe('field 23: the exit code of', () => {
  test.each([
    ['an index with arm64', ['ready:1'], 0, '1 image: 1 ready'],
    ['an image for arm64 alone', ['new:1'], 0, '1 image: 1 ready'],
    ['an image for amd64 alone', ['old:1'], 1, '1 image: 1 missing'],
    ['a digest of the amd64 image of an index that has arm64', ['ready:1@CHILD'], 1, '1 image: 1 pinned'],
    ['a tag that is not there', ['ready:none'], 2, '1 image: 1 unknown'],
    ['one missing and one not there: 2 never hides 1', ['old:1', 'ready:none'], 1, '1 missing, 1 unknown'],
  ])('%s', async (_name, names, code, counts) => {
    const images = names.map((name) => `${registry.host}/${name.replace('CHILD', amd64Child)}`);
    const end = await scan(...images);
    expect([end.code, end.stderr]).toEqual([code, '']);
    expect(end.stdout.trimEnd().split('\n').at(-1)).toContain(counts);
    expect(end.stdout.trimEnd()).toMatch(new RegExp(`exit ${code}: [^\\n]+$`));
  });

  test('a policy that lets a missing image pass', async () => {
    expect(await scan(`${registry.host}/old:1`, '--fail-on', 'pinned,suspect')).toMatchObject({ code: 0 });
    expect(await scan(`${registry.host}/ready:1`, '--fail-on', 'missing')).toMatchObject({ code: 0 });
  });
});

test('a folder: the image in the way, its line, its workload and the constraint', async () => {
  const { code, stdout, stderr } = await scan('deploy');
  expect([code, stderr]).toEqual([1, '']);
  expect(stdout).toContain(`  ${registry.host}/old:1\n`);
  expect(stdout).toContain('deploy/web.yaml:13 (Deployment shop/web, container old)');
  expect(stdout).toMatch(/Deployment shop\/web {2}deploy\/web\.yaml:\d+\n {4}missing: /);
  expect(stdout).toContain('kubernetes.io/arch: amd64 keeps it off linux/arm64 (deploy/web.yaml:10)');
  expect(stdout).not.toContain(`${registry.host}/ready:1`);
});

test('field 24: JSON keeps to its schema and is the same however the inputs are ordered', async () => {
  const images = ['old:1', 'new:1', 'ready:1'].map((name) => `${registry.host}/${name}`);
  const [first, second] = await Promise.all([
    scan('--format', 'json', 'deploy', ...images),
    scan('--format', 'json', ...images.toReversed(), 'deploy'),
  ]);
  expect(first.code).toBe(1);
  expect(first.stdout).toBe(second.stdout);
  const document = scanResultSchema.parse(JSON.parse(first.stdout));
  expect(document.summary).toMatchObject({ images: 3, workloads: 1, readyWorkloads: 0 });
});

test('markdown comes out whole', async () => {
  const { stdout } = await scan('deploy', '--format', 'markdown');
  expect(stdout).toMatch(/^## `linux\/arm64` readiness\n/);
  expect(stdout).toContain(`| \`${registry.host}/old:1\` |`);
});

test('another platform turns the verdicts around', async () => {
  const { code, stdout } = await scan('--platform', 'linux/amd64', `${registry.host}/old:1`);
  expect([code, stdout.includes('1 ready')]).toEqual([0, true]);
});

test('colour is there when it is forced, and only then', async () => {
  const args = ['scan', '--no-cache', `${registry.host}/old:1`];
  const plain = await runCommand(args, { cwd: directory });
  const colored = await runCommand(args, { cwd: directory, environment: { FORCE_COLOR: '1' } });
  expect(plain.stdout).not.toContain('\u001b');
  expect(colored.stdout).toContain('\u001b[');
});
