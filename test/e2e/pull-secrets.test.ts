import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { multiArch, push, singleArch } from '../../src/fixture/index.ts';
import { createRegistryClient, type RunningRegistry, startRegistry } from '../../src/registry/index.ts';
import { scan } from '../../src/scan/index.ts';

let folder = '';
let registry: RunningRegistry;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'armload-secrets-'));
  const pull = [{ repository: '*', actions: ['pull'] as const }];
  registry = await startRegistry({
    directory: join(folder, 'registry'),
    auth: {
      kind: 'bearer',
      users: [
        { username: 'admin', password: 'admin-password' },
        { username: 'shop', password: 'shop:password', grants: pull },
      ],
    },
  });
  const credentials = {
    lookup: () => Promise.resolve({ username: 'admin', password: 'admin-password', source: 'test' }),
  };
  const client = createRegistryClient({ credentials });
  await push(
    client.repository({ registry: registry.host, repository: 'private/app' }),
    multiArch('amd64', 'arm64'),
    { tag: '1' },
  );
  await push(client.repository({ registry: registry.host, repository: 'private/old' }), singleArch('amd64'), {
    tag: '1',
  });
  await client.close();
});
afterAll(async () => {
  await registry.close();
  await rm(folder, { recursive: true, force: true });
});

function secret(name: string, auth: string): string {
  const config = JSON.stringify({
    auths: { [registry.host]: { auth: Buffer.from(auth).toString('base64') } },
  });
  const data = Buffer.from(config).toString('base64');
  return `apiVersion: v1\nkind: Secret\nmetadata: {name: ${name}, namespace: shop}\ntype: kubernetes.io/dockerconfigjson\ndata: {.dockerconfigjson: ${data}}\n`;
}

function pod(name: string, image: string, more: string): string {
  return `apiVersion: v1\nkind: Pod\nmetadata: {name: ${name}, namespace: shop}\nspec:\n  ${more}\n  containers: [{name: app, image: "${registry.host}/${image}"}]\n`;
}

async function scanManifests(...documents: string[]) {
  const file = join(folder, 'manifests.yaml');
  await writeFile(file, documents.join('---\n'));
  return scan({ inputs: [file], environment: {}, cacheDirectory: join(folder, 'cache') });
}

test('field 12: a private image is asked for with the pull secret that its pod names', async () => {
  const result = await scanManifests(
    secret('registry', 'shop:shop:password'),
    pod('web', 'private/app:1', 'imagePullSecrets: [{name: registry}]'),
    pod('old', 'private/old:1', 'imagePullSecrets: [{name: registry}]'),
  );
  expect(result.images.map(({ readiness }) => readiness.state)).toEqual(['ready', 'missing']);
});

test('field 12: the secrets of a ServiceAccount count for its pods', async () => {
  const account =
    'apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: puller, namespace: shop}\nimagePullSecrets: [{name: registry}]\n';
  const result = await scanManifests(
    account,
    secret('registry', 'shop:shop:password'),
    pod('web', 'private/app:1', 'serviceAccountName: puller'),
  );
  expect(result.images[0]?.readiness.state).toBe('ready');
});

test('a private image without a secret is unknown, with how to log in', async () => {
  const [image] = (await scanManifests(pod('web', 'private/app:1', 'restartPolicy: Always'))).images;
  expect(image?.readiness).toEqual({ state: 'unknown', reason: 'unauthorized' });
  expect(image?.remedies[0]).toMatchObject({
    kind: 'authenticate',
    command: `docker login ${registry.host}`,
  });
});

test('field 13: one tag asked for with two secrets gives two answers, cached apart', async () => {
  const manifests = [
    secret('good', 'shop:shop:password'),
    secret('bad', 'shop:wrong'),
    pod('one', 'private/app:1', 'imagePullSecrets: [{name: good}]'),
    pod('two', 'private/app:1', 'imagePullSecrets: [{name: bad}]'),
  ];
  for (const run of ['cold', 'warm']) {
    const result = await scanManifests(...manifests);
    const answers = result.images.map(({ readiness, uses }) => [uses[0]?.workload, readiness.state]);
    expect(answers, run).toEqual([
      ['Pod shop/one', 'ready'],
      ['Pod shop/two', 'unknown'],
    ]);
    expect(result.workloads.map(({ name, ready }) => [name, ready])).toEqual([
      ['Pod shop/one', true],
      ['Pod shop/two', false],
    ]);
    expect(JSON.stringify(result)).not.toMatch(/shop:password|shop:wrong/);
  }
});

test('a secret that is malformed spoils only the images that need it', async () => {
  const broken =
    'apiVersion: v1\nkind: Secret\nmetadata: {name: broken, namespace: shop}\ntype: kubernetes.io/dockerconfigjson\ndata: {.dockerconfigjson: "%%%"}\n';
  const result = await scanManifests(
    broken,
    secret('registry', 'shop:shop:password'),
    pod('one', 'private/app:1', 'imagePullSecrets: [{name: broken}]'),
    pod('two', 'private/old:1', 'imagePullSecrets: [{name: registry}]'),
  );
  expect(result.images.map(({ readiness }) => readiness.state)).toEqual(['unknown', 'missing']);
});
