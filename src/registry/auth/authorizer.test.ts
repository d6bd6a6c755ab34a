import { afterEach, describe, expect, test } from 'vitest';
import { RegistryError } from '../errors.ts';
import {
  JumpingClock,
  json,
  type Reply,
  registryError,
  type ScriptedServer,
  type Seen,
  scriptedServer,
} from '../http/scripted-server.test-support.ts';
import { createRegistryClient, type RegistryClient, type RegistryClientOptions } from '../remote/client.ts';
import type { Credential } from '../types.ts';

const clients = new Set<RegistryClient>();
afterEach(async () => {
  await Promise.all([...clients].map((client) => client.close()));
  clients.clear();
});

const manifest = { status: 200, headers: { 'content-type': 'application/json' }, body: '{}' };

function clientOf(
  credential?: Omit<Credential, 'source'>,
  options: RegistryClientOptions = {},
): RegistryClient {
  const found = credential && { ...credential, source: 'the test' };
  const client = createRegistryClient({
    clock: new JumpingClock(),
    random: () => 0.5,
    credentials: { lookup: () => Promise.resolve(found) },
    ...options,
  });
  clients.add(client);
  return client;
}

function read(client: RegistryClient, server: ScriptedServer, repository = 'team/app') {
  return client.repository({ registry: server.host, repository }).manifest('1.0');
}

async function failing(promise: Promise<unknown>): Promise<RegistryError> {
  const error = await promise.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(RegistryError);
  return error as RegistryError;
}

interface TokenRegistry {
  readonly registry: ScriptedServer;
  readonly realm: ScriptedServer;
  /** Tokens that are good at the moment, by repository. */
  readonly good: Map<string, string>;
}

/** A registry that wants a token for each repository, and a realm that gives them: `T1`, `T2`, … */
async function tokenRegistry(
  answer: (seen: Seen, count: number) => Reply = (_seen, count) =>
    json({ token: `T${count}`, expires_in: 300 }),
  challenge?: (realm: string) => string,
): Promise<TokenRegistry> {
  const good = new Map<string, string>();
  const realm = await scriptedServer((seen, _response, count) => {
    const reply = answer(seen, count);
    const token = reply.body === undefined ? undefined : tokenIn(String(reply.body));
    const scope = seen.query.get('scope') ?? new URLSearchParams(seen.body.toString()).get('scope') ?? '';
    if (token !== undefined) good.set(scope.split(':')[1] ?? '', token);
    return reply;
  });
  const registry = await scriptedServer((seen) => {
    const repository = /^\/v2\/(.*)\/manifests\//.exec(seen.path)?.[1] ?? '';
    const token = good.get(repository);
    if (token !== undefined && seen.headers.authorization === `Bearer ${token}`) return manifest;
    const header =
      challenge?.(realm.origin) ??
      `Bearer realm="${realm.origin}/token",service="reg",scope="repository:${repository}:pull"`;
    return { ...registryError(401, 'UNAUTHORIZED'), headers: { 'www-authenticate': header } };
  });
  return { registry, realm, good };
}

function tokenIn(text: string): string | undefined {
  try {
    const document = JSON.parse(text) as { token?: string; access_token?: string };
    return document.token ?? document.access_token;
  } catch {
    return undefined;
  }
}

describe('registries without authentication', () => {
  test('they see one request and no token server', async () => {
    const server = await scriptedServer(() => manifest);
    const client = clientOf({ username: 'u', password: 'p' });
    await Promise.all([read(client, server), read(client, server, 'other')]);
    expect(server.seen).toHaveLength(2);
    expect(server.seen.every(({ headers }) => headers.authorization === undefined)).toBe(true);
  });

  test('one that hides private repositories from anonymous requests is asked how to sign in', async () => {
    const server = await scriptedServer((seen) => {
      if (seen.headers.authorization !== undefined) return manifest;
      if (seen.path === '/v2/') return { status: 401, headers: { 'www-authenticate': 'Basic realm="x"' } };
      return registryError(404, 'NAME_UNKNOWN');
    });
    await read(clientOf({ username: 'u', password: 'p' }), server);
    expect(server.lines()).toEqual([
      'GET /v2/team/app/manifests/1.0',
      'GET /v2/',
      'GET /v2/team/app/manifests/1.0',
    ]);
  });

  test('without a credential, its 404 is believed', async () => {
    const server = await scriptedServer(() => registryError(404, 'NAME_UNKNOWN'));
    expect((await failing(read(clientOf(), server))).reason).toBe('not-found');
    expect(server.seen).toHaveLength(1);
  });
});

describe('Basic', () => {
  test('a Basic-only registry is asked with user and password, and not asked first the second time', async () => {
    const server = await scriptedServer((seen) =>
      seen.headers.authorization === `Basic ${Buffer.from('AWS:p:w').toString('base64')}`
        ? manifest
        : {
            status: 401,
            headers: { 'www-authenticate': 'Basic realm="https://ecr",service="ecr.amazonaws.com"' },
          },
    );
    const client = clientOf({ username: 'AWS', password: 'p:w' });
    await read(client, server);
    await read(client, server, 'second');
    expect(server.seen).toHaveLength(3);
  });

  test('without a credential the refusal says that none was found', async () => {
    const server = await scriptedServer(() => ({
      status: 401,
      headers: { 'www-authenticate': 'Basic realm="x"' },
    }));
    const error = await failing(read(clientOf(), server));
    expect(error).toMatchObject({ reason: 'unauthorized', request: { status: 401 } });
    expect(error.message).toContain('no credentials were found');
    expect(error.hint).toContain(`docker login ${server.host}`);
    expect(server.seen).toHaveLength(1);
  });

  test('a refused credential is named by its source, never by its secret', async () => {
    const server = await scriptedServer(() => ({
      status: 401,
      headers: { 'www-authenticate': 'Basic realm="x"' },
    }));
    const error = await failing(read(clientOf({ username: 'u', password: 'hunter2' }), server));
    expect(error.message).toContain('to the credentials from the test');
    expect(error.facts).toMatchObject({ credentialSource: 'the test' });
    expect(JSON.stringify([error.message, error.hint, error.facts])).not.toMatch(/hunter2|dTpodW/);
    expect(server.seen).toHaveLength(2);
  });

  test('a login that ended in the middle of a run is looked up again, once', async () => {
    let password = 'first';
    let lookups = 0;
    const server = await scriptedServer((seen) =>
      seen.headers.authorization === `Basic ${Buffer.from(`AWS:${password}`).toString('base64')}`
        ? manifest
        : { status: 401, headers: { 'www-authenticate': 'Basic realm="x"' } },
    );
    const clock = new JumpingClock();
    const lookup = () => {
      lookups += 1;
      return Promise.resolve({ username: 'AWS', password, source: 'a helper' });
    };
    const client = clientOf(undefined, { credentials: { lookup }, clock });
    await read(client, server);
    password = 'second';
    clock.time += 43_200_000;
    await read(client, server);
    expect(lookups).toBe(2);
    // A third one finds nothing new, and ends.
    password = 'never given out';
    clock.time += 1000;
    const never = clientOf({ username: 'AWS', password: 'second' }, { clock });
    expect((await failing(read(never, server))).reason).toBe('unauthorized');
  });
});

describe('Bearer', () => {
  test('anonymous: a token without a password, one for each repository, no second 401', async () => {
    const { registry, realm } = await tokenRegistry();
    const client = clientOf();
    await read(client, registry);
    for (let at = 0; at < 5; at += 1) await read(client, registry);
    await read(client, registry, 'team/other');
    await read(client, registry, 'team/third');
    expect(realm.seen.map(({ query }) => query.get('scope'))).toEqual([
      'repository:team/app:pull',
      'repository:team/other:pull',
      'repository:team/third:pull',
    ]);
    expect(realm.seen[0]!.query.get('service')).toBe('reg');
    expect(realm.seen.every(({ headers }) => headers.authorization === undefined)).toBe(true);
    // One 401 for the whole host.
    expect(registry.seen).toHaveLength(9);
  });

  test('field 10: 60 concurrent requests for 20 repositories cost 20 tokens and one 401', async () => {
    const { registry, realm } = await tokenRegistry();
    const client = clientOf();
    const names = Array.from({ length: 60 }, (_, at) => `team/app${at % 20}`);
    await Promise.all(names.map((name) => read(client, registry, name)));
    expect(realm.seen).toHaveLength(20);
    expect(registry.seen).toHaveLength(61);
    expect(registry.peak.value).toBeLessThanOrEqual(8);
  });

  test('a user and password go to the realm, and to the realm only', async () => {
    const { registry, realm } = await tokenRegistry();
    await read(clientOf({ username: 'u', password: 'p' }), registry);
    const basic = `Basic ${Buffer.from('u:p').toString('base64')}`;
    expect(realm.seen[0]!.headers.authorization).toBe(basic);
    expect(registry.seen.some(({ headers }) => headers.authorization === basic)).toBe(false);
  });

  test('an identity token is exchanged by POST', async () => {
    const { registry, realm } = await tokenRegistry(() => json({ access_token: 'A', expires_in: 300 }));
    await read(clientOf({ username: '<token>', identityToken: 'refresh/me' }), registry);
    expect(realm.lines()).toEqual(['POST /token']);
    expect(Object.fromEntries(new URLSearchParams(realm.seen[0]!.body.toString()))).toEqual({
      grant_type: 'refresh_token',
      client_id: 'armload',
      refresh_token: 'refresh/me',
      service: 'reg',
      scope: 'repository:team/app:pull',
    });
  });

  test('a realm without POST gets the identity token as a password', async () => {
    const { registry, realm } = await tokenRegistry((seen) =>
      seen.method === 'POST' ? { status: 405 } : json({ token: 'A' }),
    );
    await read(clientOf({ identityToken: 'refresh' }), registry);
    expect(realm.seen.map(({ method, headers }) => [method, headers.authorization])).toEqual([
      ['POST', undefined],
      ['GET', `Basic ${Buffer.from('<token>:refresh').toString('base64')}`],
    ]);
  });

  test('a ready registry token is used as it is', async () => {
    const { registry, realm, good } = await tokenRegistry();
    good.set('team/app', 'ready');
    await read(clientOf({ registryToken: 'ready' }), registry);
    expect(realm.seen).toEqual([]);
  });

  test('a challenge without scope is answered with our own', async () => {
    const { registry, realm } = await tokenRegistry(undefined, (origin) => `Bearer realm="${origin}/token"`);
    await read(clientOf(), registry);
    expect(realm.seen[0]!.query.getAll('scope')).toEqual(['repository:team/app:pull']);
    expect(realm.seen[0]!.query.has('service')).toBe(false);
  });

  test('of several challenges in one header, Bearer is taken', async () => {
    const { registry, realm } = await tokenRegistry(
      undefined,
      (origin) => `Negotiate, Basic realm="a, Bearer realm=x", bEaReR realm="${origin}/token",service="s"`,
    );
    await read(clientOf({ username: 'u', password: 'p' }), registry);
    expect(realm.seen).toHaveLength(1);
  });

  test('the realm keeps its own query', async () => {
    const { registry, realm } = await tokenRegistry(
      undefined,
      (origin) => `Bearer realm="${origin}/token?tenant=7"`,
    );
    await read(clientOf(), registry);
    expect(realm.seen[0]!.query.get('tenant')).toBe('7');
  });
});

describe('a token ends', () => {
  test('it is renewed before its end, without a 401', async () => {
    const clock = new JumpingClock();
    const { registry, realm } = await tokenRegistry();
    const client = clientOf(undefined, { clock });
    await read(client, registry);
    clock.time += 280_000;
    await read(client, registry);
    expect(realm.seen).toHaveLength(1);
    clock.time += 10_000;
    await read(client, registry);
    expect(realm.seen).toHaveLength(2);
    expect(registry.seen).toHaveLength(4);
  });

  test('one that says nothing, or little, lives 60 seconds', async () => {
    for (const life of [{}, { expires_in: 5 }, { expires_in: 'soon' }]) {
      const clock = new JumpingClock();
      const { registry, realm } = await tokenRegistry((_seen, count) =>
        json({ token: `T${count}`, ...life }),
      );
      const client = clientOf(undefined, { clock });
      await read(client, registry);
      clock.time += 45_000;
      await read(client, registry);
      expect(realm.seen).toHaveLength(1);
      clock.time += 10_000;
      await read(client, registry);
      expect(realm.seen).toHaveLength(2);
    }
  });

  test('issued_at counts by the clock of the server, so that ours may be wrong', async () => {
    const clock = new JumpingClock();
    const { registry, realm } = await tokenRegistry((_seen, count) => ({
      ...json({ token: `T${count}`, expires_in: 300, issued_at: '2031-05-05T10:00:00Z' }),
      headers: { date: new Date('2031-05-05T10:03:20Z').toUTCString() },
    }));
    const client = clientOf(undefined, { clock });
    await read(client, registry);
    clock.time += 80_000;
    await read(client, registry);
    expect(realm.seen).toHaveLength(1);
    clock.time += 10_000;
    await read(client, registry);
    expect(realm.seen).toHaveLength(2);
  });

  test('a 401 in the middle of a run costs one new token, however many requests meet it', async () => {
    const { registry, realm, good } = await tokenRegistry();
    const client = clientOf();
    await read(client, registry);
    good.set('team/app', 'revoked');
    await Promise.all(Array.from({ length: 6 }, () => read(client, registry)));
    expect(realm.seen).toHaveLength(2);
  });

  test('an expired token that a registry answers with 400 is renewed', async () => {
    let current = 'T1';
    const realm = await scriptedServer(() => json({ token: current, expires_in: 300 }));
    const registry = await scriptedServer((seen) => {
      if (seen.headers.authorization === `Bearer ${current}`) return manifest;
      if (seen.headers.authorization !== undefined) {
        return registryError(
          400,
          'DENIED',
          'Your authorization token has expired. Reauthenticate and try again.',
        );
      }
      return { status: 401, headers: { 'www-authenticate': `Bearer realm="${realm.origin}/token"` } };
    });
    const client = clientOf();
    await read(client, registry);
    current = 'T2';
    await read(client, registry);
    expect(realm.seen).toHaveLength(2);
  });

  test('a registry that never lets in is asked a bounded number of times', async () => {
    const { registry, realm } = await tokenRegistry(() => json({ token: 'never', expires_in: 300 }));
    registry.seen.length = 0;
    const refusing = await scriptedServer(() => ({
      ...registryError(401, 'UNAUTHORIZED'),
      headers: { 'www-authenticate': `Bearer realm="${realm.origin}/token"` },
    }));
    const client = clientOf();
    expect((await failing(read(client, refusing))).reason).toBe('unauthorized');
    expect(refusing.seen).toHaveLength(2);
    expect(realm.seen).toHaveLength(1);
    // The next repository: a token first, a 401, and the same question isn't asked again.
    expect((await failing(read(client, refusing, 'other'))).reason).toBe('unauthorized');
    expect(refusing.seen).toHaveLength(3);
    expect(realm.seen).toHaveLength(2);
  });
});

describe('what goes wrong at the realm', () => {
  test.each([
    [401, 'unauthorized'],
    [403, 'unauthorized'],
    [400, 'unauthorized'],
    [404, 'malformed'],
    [500, 'network'],
    [429, 'rate-limited'],
  ])('%s is %s', async (status, reason) => {
    const { registry } = await tokenRegistry(() => ({ status }));
    const error = await failing(read(clientOf({ username: 'u', password: 'p' }), registry));
    expect(error.reason).toBe(reason);
    expect(error.message).toContain('Getting a token for');
  });

  test.each(['<html>', '[]', '{}', '{"token":""}', '{"token":7}', '{"token":"a\\r\\nX: y"}'])(
    '%s is malformed',
    async (body) => {
      const { registry } = await tokenRegistry(() => ({ body }));
      expect((await failing(read(clientOf(), registry))).reason).toBe('malformed');
    },
  );

  test('a realm that is less safe than its registry is not asked', async () => {
    const server = await scriptedServer(() => ({
      status: 401,
      headers: { 'www-authenticate': 'Bearer realm="http://169.254.169.254/latest"' },
    }));
    const error = await failing(read(clientOf(), server));
    expect(error.reason).toBe('malformed');
    expect(error.message).toContain('names a token realm that is not asked');
    expect(server.seen).toHaveLength(1);
  });

  test('an unknown scheme is unsupported', async () => {
    const server = await scriptedServer(() => ({
      status: 401,
      headers: { 'www-authenticate': 'Negotiate' },
    }));
    const error = await failing(read(clientOf(), server));
    expect(error.reason).toBe('unsupported');
    expect(error.message).toContain('negotiate');
  });

  test('a failed lookup of credentials is not taken for "anonymous"', async () => {
    const { registry } = await tokenRegistry();
    const client = clientOf(undefined, {
      credentials: { lookup: () => Promise.reject(new Error('helper broke')) },
    });
    await expect(read(client, registry)).rejects.toThrow('helper broke');
  });
});

test('field 29: credentials of the registry are not sent where a redirect leads', async () => {
  const other = await scriptedServer(() => ({
    status: 401,
    headers: { 'www-authenticate': 'Basic realm="gimme"' },
  }));
  const server = await scriptedServer((seen) =>
    seen.headers.authorization === undefined
      ? { status: 401, headers: { 'www-authenticate': 'Basic realm="x"' } }
      : { status: 307, headers: { location: `${other.origin}/x` } },
  );
  const error = await failing(read(clientOf({ username: 'u', password: 'p' }), server));
  expect(error).toMatchObject({ reason: 'unauthorized', request: { host: other.host } });
  expect(other.seen.map(({ headers }) => headers.authorization)).toEqual([undefined]);
});

test('GHCR: the refusal says that the image may not exist', async () => {
  const server = await scriptedServer(() => registryError(403, 'DENIED'));
  const client = clientOf(undefined, { hosts: () => ({ endpoint: server.origin }) });
  const error = await failing(
    client.repository({ registry: 'ghcr.io', repository: 'no/such' }).manifest('1'),
  );
  expect(error.reason).toBe('unauthorized');
  expect(error.hint).toContain('images that do not exist');
});

test('credentials are looked up once a repository, and only when somebody asks for them', async () => {
  const asked: string[] = [];
  const lookup = ({ repository }: { repository: string }) => {
    asked.push(repository);
    return Promise.resolve(undefined);
  };
  const open = await scriptedServer(() => manifest);
  const client = clientOf(undefined, { credentials: { lookup } });
  await read(client, open);
  expect(asked).toEqual([]);
  const { registry } = await tokenRegistry();
  await Promise.all([read(client, registry), read(client, registry), read(client, registry, 'b')]);
  expect(asked.sort()).toEqual(['b', 'team/app']);
});
