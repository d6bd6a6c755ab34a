import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { type Clock, isAbort, type ProgressEvent, systemClock } from '../../core/index.ts';
import { RegistryError } from '../errors.ts';
import { Engine } from './engine.ts';
import { endpointsOf, type HostConfig } from './host-config.ts';
import { defaultLimits, type Limits } from './limits.ts';
import type { HttpRequest } from './message.ts';
import { JumpingClock, json, registryError, scriptedServer } from './scripted-server.test-support.ts';

const engines = new Set<Engine>();
afterEach(async () => {
  await Promise.all([...engines].map((engine) => engine.close()));
  engines.clear();
});

interface Setting {
  readonly limits?: Partial<Limits>;
  readonly clock?: Clock;
  readonly events?: ProgressEvent[];
}

function engineOf({ limits, clock = new JumpingClock(), events = [] }: Setting = {}): Engine {
  const engine = new Engine({
    limits: { ...defaultLimits, ...limits },
    environment: {},
    clock,
    random: () => 1,
    onEvent: (event) => events.push(event),
    userAgent: 'test',
    ca: [],
  });
  engines.add(engine);
  return engine;
}

function get(
  host: string,
  path = '/',
  rest: Partial<HttpRequest> & { config?: HostConfig } = {},
): HttpRequest {
  const { config = {}, ...request } = rest;
  const endpoint = endpointsOf(host, () => config).at(-1)!;
  return {
    method: 'GET',
    target: { origin: endpoint.origin, path },
    endpoint,
    kind: 'manifest',
    what: 'Reading',
    maxBytes: 1000,
    ...request,
  };
}

async function reasonOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof RegistryError) return error.reason;
    throw error;
  }
  return 'no error';
}

describe('field 9: throttling', () => {
  const forms: readonly (readonly [string, (now: number) => string, number])[] = [
    ['seconds', () => '7', 7000],
    ['an HTTP date', (now) => new Date(now + 9000).toUTCString(), 9000],
  ];
  for (const [form, header, wait] of forms) {
    test(`field 9: Retry-After as ${form} is honoured`, async () => {
      const clock = new JumpingClock();
      const events: ProgressEvent[] = [];
      const server = await scriptedServer((_seen, _response, count) =>
        count === 1 ? { status: 429, headers: { 'retry-after': header(clock.time) } } : { body: 'here' },
      );
      const engine = engineOf({ clock, events });
      const answer = await engine.send(get(server.host));
      expect(answer.status).toBe(200);
      expect(clock.sleeps).toEqual([wait]);
      expect(events).toContainEqual({ type: 'throttled', registry: server.host, seconds: wait / 1000 });
    });
  }

  test('field 9: without Retry-After it backs off, longer each time', async () => {
    const clock = new JumpingClock();
    const server = await scriptedServer((_seen, _response, count) =>
      count <= 3 ? registryError(429, 'TOOMANYREQUESTS') : { body: 'here' },
    );
    await engineOf({ clock }).send(get(server.host));
    expect(clock.sleeps).toHaveLength(3);
    expect(clock.sleeps[1]!).toBeGreaterThan(clock.sleeps[0]!);
    expect(clock.sleeps[2]!).toBeGreaterThan(clock.sleeps[1]!);
  });

  test('field 9: a wait beyond the limit ends as rate-limited at once, with a hint', async () => {
    const clock = new JumpingClock();
    const server = await scriptedServer(() => ({
      status: 429,
      headers: {
        'retry-after': '3000',
        'ratelimit-limit': '100;w=21600',
        'ratelimit-remaining': '0;w=21600',
      },
    }));
    const engine = engineOf({ clock });
    const error = await engine.send(get(server.host)).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ reason: 'rate-limited', request: { status: 429 } });
    expect((error as RegistryError).hint).toContain('0 of 100 requests');
    expect(clock.sleeps).toEqual([]);
    // Whoever comes next needn't ask.
    expect(await reasonOf(engine.send(get(server.host, '/other')))).toBe('rate-limited');
    expect(server.seen).toHaveLength(1);
  });

  test('field 9: a host that throttles for ever ends as rate-limited within the wait', async () => {
    const clock = new JumpingClock();
    const start = clock.time;
    const server = await scriptedServer(() => ({ status: 429, headers: { 'retry-after': '8' } }));
    expect(await reasonOf(engineOf({ clock }).send(get(server.host)))).toBe('rate-limited');
    expect(clock.time - start).toBeLessThanOrEqual(60_000);
  });

  test('a 403 that says TOOMANYREQUESTS is throttling', async () => {
    const server = await scriptedServer((_seen, _response, count) =>
      count === 1 ? registryError(403, 'TOOMANYREQUESTS') : { body: 'here' },
    );
    expect((await engineOf().send(get(server.host))).status).toBe(200);
  });

  test('one throttled answer pauses all requests of the host and halves its concurrency', async () => {
    const clock = new JumpingClock();
    let throttling = true;
    const server = await scriptedServer(() => {
      if (!throttling) return { body: 'here' };
      throttling = false;
      return { status: 429, headers: { 'retry-after': '5' } };
    });
    const engine = engineOf({ clock });
    const config = { maxConcurrency: 4 };
    await Promise.all(
      Array.from({ length: 12 }, (_, at) => engine.send(get(server.host, `/${at}`, { config }))),
    );
    expect(server.seen).toHaveLength(13);
    expect(server.peak.value).toBeLessThanOrEqual(4);
    expect(clock.sleeps).toContain(5000);
  });
});

test('no more requests run at one time than the host is configured for', async () => {
  const server = await scriptedServer(async () => {
    await systemClock.sleep(3);
    return { body: 'here' };
  });
  const engine = engineOf();
  const config = { maxConcurrency: 3 };
  await Promise.all(
    Array.from({ length: 30 }, (_, at) => engine.send(get(server.host, `/${at}`, { config }))),
  );
  expect(server.peak.value).toBe(3);
});

describe('retries', () => {
  for (const status of [408, 500, 502, 503, 504]) {
    test(`${status} is tried again`, async () => {
      const server = await scriptedServer((_seen, _response, count) =>
        count < 3 ? { status } : { body: 'here' },
      );
      const answer = await engineOf().send(get(server.host));
      expect([answer.status, server.seen.length]).toEqual([200, 3]);
    });
  }

  test('a failing host gets four tries, and its last answer is given back', async () => {
    const server = await scriptedServer(() => ({ status: 502 }));
    const answer = await engineOf().send(get(server.host));
    expect([answer.status, server.seen.length]).toEqual([502, 4]);
  });

  test('other statuses are answers, not failures', async () => {
    const server = await scriptedServer(() => registryError(404, 'NAME_UNKNOWN'));
    expect((await engineOf().send(get(server.host))).status).toBe(404);
    expect(server.seen).toHaveLength(1);
  });

  test('a reset in the middle of a body is tried again', async () => {
    const server = await scriptedServer((_seen, response, count) => {
      if (count > 1) return { body: 'all of it' };
      response.writeHead(200, { 'content-length': '100' });
      response.write('some of it', () => response.destroy());
      return undefined;
    });
    const answer = await engineOf().send(get(server.host));
    expect(Buffer.from(answer.bytes).toString()).toBe('all of it');
  });

  test('a body cut short for ever ends as network', async () => {
    const server = await scriptedServer((_seen, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('some of it', () => response.destroy());
      return undefined;
    });
    expect(await reasonOf(engineOf().send(get(server.host)))).toBe('network');
    expect(server.seen).toHaveLength(4);
  });

  test('what may not be repeated is sent once', async () => {
    const server = await scriptedServer((_seen, response) => {
      response.destroy();
      return undefined;
    });
    const request = get(server.host, '/', { method: 'PATCH', body: Buffer.from('x'), repeatable: false });
    expect(await reasonOf(engineOf().send(request))).toBe('network');
    expect(server.seen).toHaveLength(1);
  });

  test('a refused connection is a network failure with a hint, and never waits long', async () => {
    const probe = createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const { port } = probe.address() as AddressInfo;
    probe.close();
    await once(probe, 'close');
    const error = await engineOf()
      .send(get(`127.0.0.1:${port}`))
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ reason: 'network' });
    expect((error as RegistryError).message).toContain('could not be reached');
    expect((error as RegistryError).hint).toContain('Nothing listens');
  });
});

describe('bounds', () => {
  test('field 30: an announced body over the limit is refused before it is read', async () => {
    let written = 0;
    const server = await scriptedServer((_seen, response) => {
      response.writeHead(200, { 'content-length': String(1 << 30) });
      const pump = () => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536))) written += 65_536;
      };
      response.on('drain', pump);
      pump();
      return undefined;
    });
    const error = await engineOf()
      .send(get(server.host, '/', { maxBytes: 4 * 1024 * 1024 }))
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ reason: 'malformed', facts: { maxBytes: 4_194_304 } });
    expect((error as Error).message).toContain('4194304 bytes');
    expect(written).toBeLessThan(16 * 1024 * 1024);
  });

  test('field 30: an unannounced body is refused as soon as it passes the limit', async () => {
    const server = await scriptedServer((_seen, response) => {
      response.writeHead(200);
      const pump = () => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536)));
      };
      response.on('drain', pump);
      pump();
      return undefined;
    });
    expect(await reasonOf(engineOf().send(get(server.host, '/', { maxBytes: 100_000 })))).toBe('malformed');
  });

  test('a body at its limit is taken', async () => {
    const server = await scriptedServer(() => ({ body: Buffer.alloc(1000) }));
    expect((await engineOf().send(get(server.host))).bytes).toHaveLength(1000);
  });

  test('a long error page is cut, and the status still counts', async () => {
    const server = await scriptedServer(() => ({ status: 404, body: 'x'.repeat(200_000) }));
    expect(await engineOf().send(get(server.host))).toMatchObject({ status: 404 });
  });

  test('a slow drip ends in timeout', async () => {
    const server = await scriptedServer((_seen, response) => {
      response.writeHead(200);
      const timer = setInterval(() => response.write(' '), 10);
      response.on('close', () => clearInterval(timer));
      return undefined;
    });
    const engine = engineOf({ limits: { requestTimeout: 150 }, clock: systemClock });
    expect(await reasonOf(engine.send(get(server.host)))).toBe('timeout');
    expect(server.seen).toHaveLength(1);
  });

  test('a silent server ends in timeout', async () => {
    const server = await scriptedServer(() => new Promise(() => undefined));
    const engine = engineOf({ limits: { headTimeout: 200, attempts: 1 } });
    expect(await reasonOf(engine.send(get(server.host)))).toBe('timeout');
  });

  test('a body that stops ends in timeout', async () => {
    const server = await scriptedServer((_seen, response) => {
      response.writeHead(200);
      response.write('x');
      return undefined;
    });
    const engine = engineOf({ limits: { idleTimeout: 200, attempts: 1 } });
    expect(await reasonOf(engine.send(get(server.host)))).toBe('timeout');
  });

  test('something that is no HTTP is malformed', async () => {
    const server = createServer((socket) =>
      socket.on('error', () => undefined).on('data', () => socket.end('SSH-2.0-hello\r\n')),
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    expect(await reasonOf(engineOf().send(get(`127.0.0.1:${port}`)))).toBe('malformed');
    server.close();
  });
});

test('connections are kept, after a HEAD too, and are no more than may run at a time', async () => {
  const ports = new Set<number | undefined>();
  const server = await scriptedServer((_seen, response) => {
    ports.add(response.socket?.remotePort);
    return { headers: { 'x-a': 'b' }, body: 'not sent' };
  });
  const engine = engineOf();
  for (let at = 0; at < 5; at += 1)
    await engine.send(get(server.host, `/${at}`, { method: 'HEAD', config: { maxConcurrency: 1 } }));
  expect(ports.size).toBe(1);
});

test('a server that answers HEAD with a body spoils its connection, not the requests after it', async () => {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      const body = data.toString().startsWith('HEAD') ? 'a body that should not be here' : 'hello';
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const engine = engineOf();
  for (let at = 0; at < 3; at += 1) {
    expect((await engine.send(get(host, '/', { method: 'HEAD' }))).status).toBe(200);
    expect(Buffer.from((await engine.send(get(host))).bytes).toString()).toBe('hello');
  }
  await engine.close();
  server.close();
});

describe('aborts', () => {
  test('an abort while waiting for an answer ends it', async () => {
    const controller = new AbortController();
    const server = await scriptedServer(() => {
      controller.abort();
      return new Promise(() => undefined);
    });
    const error = await engineOf()
      .send(get(server.host, '/', { signal: controller.signal }))
      .catch((thrown: unknown) => thrown);
    expect(isAbort(error)).toBe(true);
  });

  test('an abort during a pause ends it', async () => {
    const controller = new AbortController();
    const server = await scriptedServer(() => {
      setTimeout(() => controller.abort(), 20);
      return { status: 429, headers: { 'retry-after': '30' } };
    });
    const request = get(server.host, '/', { signal: controller.signal });
    const error = await engineOf({ clock: systemClock })
      .send(request)
      .catch((thrown: unknown) => thrown);
    expect(isAbort(error)).toBe(true);
  });

  test('an abort in the queue ends it, and the place goes to the next one', async () => {
    const controller = new AbortController();
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const server = await scriptedServer(async () => {
      await gate;
      return { body: 'here' };
    });
    const engine = engineOf();
    const config = { maxConcurrency: 1 };
    const first = engine.send(get(server.host, '/1', { config }));
    const second = engine.send(get(server.host, '/2', { config, signal: controller.signal }));
    const third = engine.send(get(server.host, '/3', { config }));
    controller.abort();
    expect(isAbort(await second.catch((thrown: unknown) => thrown))).toBe(true);
    release();
    expect([(await first).status, (await third).status]).toEqual([200, 200]);
    expect(server.count('GET', '/2')).toBe(0);
  });

  test('closing ends what is in flight', async () => {
    const server = await scriptedServer(() => new Promise(() => undefined));
    const engine = engineOf();
    const pending = engine.send(get(server.host)).catch((thrown: unknown) => thrown);
    while (server.seen.length === 0) await systemClock.sleep(5);
    await engine.close();
    expect(isAbort(await pending)).toBe(true);
  });
});

describe('redirects', () => {
  test('field 29: a redirect to another host drops Authorization and the host headers', async () => {
    const storage = await scriptedServer(() => ({ body: 'content' }));
    const server = await scriptedServer(() => ({
      status: 307,
      headers: { location: `${storage.origin}/x?sig=1` },
    }));
    const answer = await engineOf().send(
      get(server.host, '/', { authorization: 'Bearer secret', config: { headers: { 'x-key': 'secret' } } }),
    );
    expect(answer.status).toBe(200);
    expect(server.seen[0]!.headers).toMatchObject({ authorization: 'Bearer secret', 'x-key': 'secret' });
    expect(storage.seen[0]!.headers).not.toHaveProperty('authorization');
    expect(storage.seen[0]!.headers).not.toHaveProperty('x-key');
  });

  test('Authorization stays away after a detour over another host', async () => {
    const server = await scriptedServer((seen) =>
      seen.path === '/' ? { status: 302, headers: { location: `${other.origin}/` } } : { body: 'home' },
    );
    const other = await scriptedServer(() => ({
      status: 302,
      headers: { location: `${server.origin}/back` },
    }));
    await engineOf().send(get(server.host, '/', { authorization: 'Bearer secret' }));
    expect(server.seen[1]!.headers).not.toHaveProperty('authorization');
  });

  test('a redirect on the same host keeps Authorization', async () => {
    const server = await scriptedServer((seen) =>
      seen.path === '/' ? { status: 301, headers: { location: '/there' } } : { body: 'there' },
    );
    await engineOf().send(get(server.host, '/', { authorization: 'Bearer secret' }));
    expect(server.seen[1]!.headers.authorization).toBe('Bearer secret');
  });

  test('a circle is refused', async () => {
    const server = await scriptedServer((seen) => ({
      status: 302,
      headers: { location: seen.path === '/' ? '/a' : '/' },
    }));
    expect(await reasonOf(engineOf().send(get(server.host)))).toBe('malformed');
    expect(server.seen).toHaveLength(2);
  });

  test('an endless chain is refused after five', async () => {
    const server = await scriptedServer((_seen, _response, count) => ({
      status: 302,
      headers: { location: `/${count}` },
    }));
    expect(await reasonOf(engineOf().send(get(server.host)))).toBe('malformed');
    expect(server.seen).toHaveLength(6);
  });

  test('content never follows to another host', async () => {
    const other = await scriptedServer(() => ({ status: 201 }));
    const server = await scriptedServer(() => ({ status: 307, headers: { location: other.origin } }));
    const post = get(server.host, '/', { method: 'POST', body: Buffer.from('refresh_token=secret') });
    expect(await reasonOf(engineOf().send(post))).toBe('malformed');
    expect(other.seen).toEqual([]);
  });

  test('a presigned address is not in the error', async () => {
    const storage = await scriptedServer(() => ({ status: 502 }));
    const server = await scriptedServer(() => ({
      status: 307,
      headers: { location: `${storage.origin}/x?X-Amz-Signature=topsecret` },
    }));
    const events: ProgressEvent[] = [];
    const answer = await engineOf({ events }).send(get(server.host));
    expect(answer.status).toBe(502);
    expect(JSON.stringify(events)).not.toContain('topsecret');
  });
});

test('the quota is read from the headers and reported when it changes', async () => {
  const events: ProgressEvent[] = [];
  const server = await scriptedServer((_seen, _response, count) => ({
    headers: { 'ratelimit-limit': '100;w=21600', 'ratelimit-remaining': `${count < 3 ? 76 : 75};w=21600` },
  }));
  const engine = engineOf({ events });
  for (let at = 0; at < 3; at += 1) await engine.send(get(server.host));
  expect(engine.quota(server.host)).toEqual({ limit: 100, remaining: 75, windowSeconds: 21_600 });
  expect(events.filter(({ type }) => type === 'quota')).toHaveLength(2);
});

test('requests are counted by host, method and kind', async () => {
  const server = await scriptedServer(() => json({}));
  const engine = engineOf();
  await engine.send(get(server.host));
  await engine.send(get(server.host, '/t', { kind: 'token' }));
  expect(engine.statistics()).toEqual([
    { host: server.host, requests: 2, kinds: { 'GET manifest': 1, 'GET token': 1 } },
  ]);
});
