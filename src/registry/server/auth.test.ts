import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Dispatcher, request } from 'undici';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Clock } from '../../core/index.ts';
import { putImage } from '../layout/repository-contract.test-support.ts';
import { createRegistryClient } from '../remote/client.ts';
import type { BasicAuth, BearerAuth, RegistryUser } from './access.ts';
import { type RunningRegistry, startRegistry } from './start-registry.ts';

const users: readonly RegistryUser[] = [
  { username: 'admin', password: 'all:of:it' },
  { username: 'reader', password: 'r', grants: [{ repository: 'team/*', actions: ['pull'] }] },
  { username: 'writer', password: 'w', grants: [{ repository: 'team/app', actions: ['pull', 'push'] }] },
];

let directory: string;
let registry: RunningRegistry;
let time = 0;
const clock: Clock = { now: () => time, sleep: () => Promise.resolve() };

async function start(auth: BasicAuth | BearerAuth): Promise<void> {
  registry = await startRegistry({ directory, auth, clock });
}

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'registry-'));
  time = Date.now();
});
afterEach(async () => {
  await registry.close();
  await rm(directory, { recursive: true, force: true });
});

const basic = (user: string, password: string) =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

interface Answer {
  readonly status: number;
  readonly challenge: string;
  readonly text: string;
}

async function ask(
  method: string,
  path: string,
  options: { authorization?: string; body?: string } = {},
): Promise<Answer> {
  const { authorization, body } = options;
  const answer = await request(registry.url + path, {
    method: method as Dispatcher.HttpMethod,
    headers: authorization === undefined ? {} : { authorization },
    ...(body === undefined ? {} : { body }),
  });
  const challenge = answer.headers['www-authenticate'];
  return { status: answer.statusCode, challenge: String(challenge ?? ''), text: await answer.body.text() };
}

describe('basic', () => {
  beforeEach(() => start({ kind: 'basic', users }));

  test('nobody, a wrong password and a broken header are challenged', async () => {
    for (const authorization of [
      undefined,
      basic('admin', 'no'),
      basic('nobody', ''),
      'Basic !!!',
      'Bearer x',
      'Basic',
    ])
      expect(await ask('GET', '/v2/', authorization === undefined ? {} : { authorization })).toMatchObject({
        status: 401,
        challenge: 'Basic realm="armload"',
      });
    expect((await ask('GET', '/v2/', { authorization: basic('admin', 'all:of:it') })).status).toBe(200);
  });

  test('a user gets what is granted, and 403 for the rest', async () => {
    const authorization = basic('reader', 'r');
    expect((await ask('GET', '/v2/team/app/tags/list', { authorization })).status).toBe(404);
    expect((await ask('POST', '/v2/team/app/blobs/uploads/', { authorization })).status).toBe(403);
    expect((await ask('GET', '/v2/teams/tags/list', { authorization })).status).toBe(403);
    expect((await ask('GET', '/v2/other/tags/list', { authorization })).status).toBe(403);
    const writer = basic('writer', 'w');
    expect((await ask('POST', '/v2/team/app/blobs/uploads/', { authorization: writer })).status).toBe(202);
    expect((await ask('DELETE', '/v2/team/app/manifests/v1', { authorization: writer })).status).toBe(403);
  });

  test('a blob is mounted only from where the user may pull, and the catalog shows the same', async () => {
    const admin = basic('admin', 'all:of:it');
    const empty = 'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
    await ask('POST', `/v2/secret/blobs/uploads/?digest=${empty}`, { authorization: admin, body: '' });
    const authorization = basic('writer', 'w');
    for (const from of ['&from=secret', ''])
      expect(
        (await ask('POST', `/v2/team/app/blobs/uploads/?mount=${empty}${from}`, { authorization })).status,
      ).toBe(202);
    expect((await ask('GET', '/v2/_catalog', { authorization })).text).toBe('{"repositories":[]}');
    expect((await ask('GET', '/v2/_catalog', { authorization: admin })).text).toBe(
      '{"repositories":["secret"]}',
    );
  });
});

describe('bearer', () => {
  beforeEach(() =>
    start({
      kind: 'bearer',
      users,
      tokenTtlSeconds: 60,
      anonymous: [{ repository: 'team/app', actions: ['pull'] }],
    }),
  );

  const tokenFor = async (scope: string, authorization?: string) => {
    const answer = await ask(
      'GET',
      `/token?service=armload&scope=${scope}`,
      authorization === undefined ? {} : { authorization },
    );
    const { token } = JSON.parse(answer.text) as { token: string };
    return `Bearer ${token}`;
  };

  test('the challenge names the token endpoint, the service and the scope', async () => {
    const realm = `Bearer realm="${registry.url}/token",service="armload"`;
    expect(await ask('GET', '/v2/')).toMatchObject({ status: 401, challenge: realm });
    expect((await ask('GET', '/v2/a/b/tags/list')).challenge).toBe(`${realm},scope="repository:a/b:pull"`);
    expect((await ask('PUT', '/v2/a/manifests/b')).challenge).toBe(`${realm},scope="repository:a:pull,push"`);
    expect((await ask('DELETE', '/v2/a/manifests/b')).challenge).toBe(`${realm},scope="repository:a:delete"`);
  });

  test('a token holds for its scope only', async () => {
    const authorization = await tokenFor('repository:team/app:pull', basic('admin', 'all:of:it'));
    expect((await ask('GET', '/v2/', { authorization })).status).toBe(200);
    expect((await ask('GET', '/v2/team/app/tags/list', { authorization })).status).toBe(404);
    const denied = await ask('POST', '/v2/team/app/blobs/uploads/', { authorization });
    expect(denied.status).toBe(401);
    expect(denied.challenge).toContain('error="insufficient_scope"');
    expect((await ask('GET', '/v2/team/other/tags/list', { authorization })).status).toBe(401);
  });

  test('a user gets no more than what is granted, whatever is asked for', async () => {
    const authorization = await tokenFor('repository:team/x:pull,push,delete', basic('reader', 'r'));
    expect((await ask('GET', '/v2/team/x/tags/list', { authorization })).status).toBe(404);
    expect((await ask('POST', '/v2/team/x/blobs/uploads/', { authorization })).status).toBe(401);
  });

  test('anybody gets what is open to anybody; wrong credentials get nothing', async () => {
    const authorization = await tokenFor('repository:team/app:pull,push');
    expect((await ask('GET', '/v2/team/app/tags/list', { authorization })).status).toBe(404);
    expect((await ask('POST', '/v2/team/app/blobs/uploads/', { authorization })).status).toBe(401);
    const scope = 'repository:team/app:pull';
    expect((await ask('GET', `/token?scope=${scope}`, { authorization: basic('admin', 'no') })).status).toBe(
      401,
    );
  });

  test('a token ends when its time is over', async () => {
    const authorization = await tokenFor('repository:team/app:pull');
    time += 59_000;
    expect((await ask('GET', '/v2/', { authorization })).status).toBe(200);
    time += 1_000;
    expect(await ask('GET', '/v2/', { authorization })).toMatchObject({
      status: 401,
      challenge: expect.stringContaining('invalid_token') as string,
    });
  });

  test('the OAuth2 form: a password gives a refresh token, which gives tokens', async () => {
    const post = async (form: Record<string, string>) =>
      ask('POST', '/token', { body: new URLSearchParams(form).toString() });
    const scope = 'repository:team/app:pull,push';
    const first = await post({
      grant_type: 'password',
      username: 'writer',
      password: 'w',
      access_type: 'offline',
      scope,
    });
    const { refresh_token } = JSON.parse(first.text) as { refresh_token: string };
    const second = await post({ grant_type: 'refresh_token', refresh_token, scope });
    const { access_token, expires_in } = JSON.parse(second.text) as {
      access_token: string;
      expires_in: number;
    };
    expect(expires_in).toBe(60);
    const authorization = `Bearer ${access_token}`;
    expect((await ask('POST', '/v2/team/app/blobs/uploads/', { authorization })).status).toBe(202);
    expect((await post({ grant_type: 'refresh_token', refresh_token: 'x' })).status).toBe(401);
    expect((await post({ grant_type: 'password', username: 'writer', password: 'x' })).status).toBe(401);
    expect((await post({ grant_type: 'password', password: 'x'.repeat(20_000) })).status).toBe(413);
  });

  test('our own client pushes and pulls with a user’s password', async () => {
    const credentials = {
      lookup: () => Promise.resolve({ username: 'writer', password: 'w', source: 'test' }),
    };
    const client = createRegistryClient({ credentials });
    const repository = client.repository({ registry: registry.host, repository: 'team/app' });
    const image = await putImage(repository, { tag: 'v1' });
    expect((await repository.resolve('v1'))?.digest).toBe(image.digest);
    await client.close();
  });
});
