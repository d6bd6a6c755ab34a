import { describe, expect, test } from 'vitest';
import { digestOf } from '../../oci/index.ts';
import type { HostConfig } from '../http/host-config.ts';
import {
  type Reply,
  registryError,
  type ScriptedServer,
  scriptedServer,
} from '../http/scripted-server.test-support.ts';
import { bytesOf, failing, testClient } from './client.test-support.ts';

const bytes = Buffer.from('{"schemaVersion":2}');
const digest = digestOf(bytes);
const good: Reply = { headers: { 'content-type': 'application/json' }, body: bytes };

function through(home: ScriptedServer, mirrors: readonly string[], configs: Record<string, HostConfig> = {}) {
  const hosts = (name: string): HostConfig =>
    name === 'docker.io' ? { endpoint: home.origin, mirrors } : (configs[name] ?? {});
  return testClient({ hosts }).repository({ registry: 'docker.io', repository: 'library/nginx' });
}

test('a mirror is asked first, with its prefix and the registry it stands in for', async () => {
  const home = await scriptedServer(() => good);
  const mirror = await scriptedServer(() => good);
  const repository = through(home, [`${mirror.host}/hub`]);
  await repository.manifest('1');
  await bytesOf(repository.blob({ digest, size: bytes.length }));
  expect(home.seen).toEqual([]);
  expect(mirror.lines()).toEqual([
    `GET /v2/hub/library/nginx/manifests/1`,
    `GET /v2/hub/library/nginx/blobs/${digest}`,
  ]);
  expect(mirror.seen.map(({ query }) => query.get('ns'))).toEqual(['docker.io', 'docker.io']);
});

describe('the next endpoint is asked after', () => {
  const failures: readonly (readonly [string, Reply])[] = [
    ['not found', registryError(404, 'MANIFEST_UNKNOWN')],
    ['a server error', { status: 500 }],
    ['refused credentials', { status: 401, headers: { 'www-authenticate': 'Basic realm="x"' } }],
    ['forbidden', registryError(403, 'DENIED')],
    ['a login page', { headers: { 'content-type': 'text/html' }, body: '<html>' }],
    ['throttling', { status: 429, headers: { 'retry-after': '9999' } }],
  ];
  for (const [name, reply] of failures) {
    test(name, async () => {
      const home = await scriptedServer(() => good);
      const [first, second] = [await scriptedServer(() => reply), await scriptedServer(() => good)];
      expect((await through(home, [first.host, second.host]).manifest('1')).digest).toBe(digest);
      expect(first.seen.length).toBeGreaterThan(0);
      expect(second.seen).toHaveLength(1);
      expect(home.seen).toEqual([]);
    });
  }

  test('a mirror that is down', async () => {
    const down = await scriptedServer(() => good);
    await down.close();
    const home = await scriptedServer(() => good);
    expect((await through(home, [down.host]).manifest('1')).digest).toBe(digest);
    expect(home.seen).toHaveLength(1);
    expect(home.seen[0]!.query.has('ns')).toBe(false);
  });

  test('content of another digest, for manifests and small blobs', async () => {
    const home = await scriptedServer(() => good);
    const liar = await scriptedServer(() => ({ ...good, body: '{"schemaVersion":3}' }));
    const repository = through(home, [liar.host]);
    expect((await repository.manifest(digest)).bytes).toEqual(bytes);
    expect(await bytesOf(repository.blob({ digest, size: bytes.length }))).toEqual(bytes);
    expect([liar.seen.length, home.seen.length]).toEqual([2, 2]);
  });
});

test('where all fail, the answer of the registry itself counts', async () => {
  const home = await scriptedServer(() => registryError(404, 'NAME_UNKNOWN'));
  const mirror = await scriptedServer(() => registryError(403, 'DENIED'));
  const error = await failing(through(home, [mirror.host]).manifest('1'));
  expect(error).toMatchObject({ reason: 'not-found', request: { host: home.host } });
});

test("a mirror never sees the registry's credentials, but its own", async () => {
  const basic = (seen: { headers: { authorization?: string | undefined } }): Reply =>
    seen.headers.authorization === undefined
      ? { status: 401, headers: { 'www-authenticate': 'Basic realm="x"' } }
      : registryError(404, 'MANIFEST_UNKNOWN');
  const home = await scriptedServer(basic);
  const mirror = await scriptedServer(basic);
  const hosts = (name: string): HostConfig =>
    name === 'docker.io' ? { endpoint: home.origin, mirrors: [mirror.host] } : {};
  const credentials = {
    lookup: ({ registry }: { registry: string }) =>
      Promise.resolve({ username: registry, password: 'p', source: 'test' }),
  };
  await failing(
    testClient({ hosts, credentials }).repository({ registry: 'docker.io', repository: 'a/b' }).manifest('1'),
  );
  const users = (server: ScriptedServer) =>
    server.seen.map(({ headers }) => Buffer.from(headers.authorization?.slice(6) ?? '', 'base64').toString());
  expect(users(mirror)).toEqual(['', `${mirror.host}:p`]);
  expect(users(home)).toEqual(['', 'docker.io:p']);
});

test('tags, referrers and uploads go to the registry itself', async () => {
  const home = await scriptedServer(({ method }) =>
    method === 'HEAD' ? good : { headers: { 'content-type': 'application/json' }, body: '{"tags":["a"]}' },
  );
  const mirror = await scriptedServer(() => good);
  const repository = through(home, [mirror.host]);
  for await (const tag of repository.tags()) expect(tag).toBe('a');
  await repository.hasBlob({ digest, size: bytes.length });
  expect(mirror.seen).toEqual([]);
  expect(home.seen).toHaveLength(2);
});

test('an abort does not go on to the next endpoint', async () => {
  const controller = new AbortController();
  const home = await scriptedServer(() => good);
  const mirror = await scriptedServer(() => {
    controller.abort();
    return new Promise(() => undefined);
  });
  await expect(
    through(home, [mirror.host]).manifest('1', { signal: controller.signal }),
  ).rejects.toMatchObject({
    name: 'AbortError',
  });
  expect(home.seen).toEqual([]);
});
