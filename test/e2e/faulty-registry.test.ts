import { request as httpRequest } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { request } from 'undici';
import { afterEach, describe, expect, test } from 'vitest';
import { buildIndex, multiArch, singleArch } from '../../src/fixture/index.ts';
import { digestOf, mediaTypes, parseManifest } from '../../src/oci/index.ts';
import {
  type Behaviour,
  type FaultyRegistry,
  type FaultyRegistryOptions,
  faults,
  startFaultyRegistry,
} from '../support/faulty-registry.ts';

const started: FaultyRegistry[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map((registry) => registry.close()));
});

async function start(options: FaultyRegistryOptions): Promise<FaultyRegistry> {
  const registry = await startFaultyRegistry(options);
  started.push(registry);
  return registry;
}

/** A registry with one image, `app:1`, and these faults. */
async function faulty(...behaviours: Behaviour[]): Promise<FaultyRegistry> {
  return start({ manifests: { 'app:1': await singleArch('arm64') }, behaviours });
}

async function get(registry: FaultyRegistry, path = 'app/manifests/1', headers: Record<string, string> = {}) {
  const answer = await request(`http://${registry.host}/v2/${path}`, { headers });
  const body = Buffer.from(await answer.body.arrayBuffer());
  return { status: answer.statusCode, headers: answer.headers, body, text: body.toString() };
}

async function head(registry: FaultyRegistry, path = 'app/manifests/1') {
  const answer = await request(`http://${registry.host}/v2/${path}`, { method: 'HEAD' });
  await answer.body.dump();
  return { status: answer.statusCode, headers: answer.headers };
}

async function configPath(registry: FaultyRegistry): Promise<string> {
  const manifest = parseManifest((await get(registry)).body);
  if (manifest.kind !== 'image') throw new Error(manifest.kind);
  return `app/blobs/${manifest.config.digest}`;
}

describe('without a fault', () => {
  test('manifests are found by tag and digest, with children and blobs, tags are listed, the rest is absent', async () => {
    const index = await multiArch('amd64', 'arm64');
    const registry = await start({ manifests: { 'team/app:1': index, 'team/app:2': index } });
    const byTag = await get(registry, 'team/app/manifests/1');
    expect(byTag).toMatchObject({ status: 200, headers: { 'content-type': mediaTypes.ociIndex } });
    expect(byTag.headers['docker-content-digest']).toBe(digestOf(byTag.body));
    for (const child of index.children) {
      const digest = child.manifest.descriptor.digest;
      expect((await get(registry, `team/app/manifests/${digest}`)).body).toEqual(
        Buffer.from(child.manifest.bytes),
      );
      for (const { bytes, descriptor } of child.blobs)
        expect((await get(registry, `team/app/blobs/${descriptor.digest}`)).body).toEqual(Buffer.from(bytes));
    }
    expect(JSON.parse((await get(registry, 'team/app/tags/list')).text)).toEqual({
      name: 'team/app',
      tags: ['1', '2'],
    });
    expect((await get(registry, '')).status).toBe(200);
    expect((await get(registry, 'team/app/manifests/3')).status).toBe(404);
    expect((await get(registry, 'other/manifests/1')).status).toBe(404);
  });

  test('a blob can be had from an offset on', async () => {
    const registry = await faulty();
    const path = await configPath(registry);
    const whole = await get(registry, path);
    const rest = await get(registry, path, { range: 'bytes=10-' });
    expect(rest.status).toBe(206);
    expect(rest.headers['content-range']).toBe(`bytes 10-${whole.body.length - 1}/${whole.body.length}`);
    expect(rest.body).toEqual(whole.body.subarray(10));
  });

  test('every request is written down', async () => {
    const registry = await faulty();
    await head(registry);
    await get(registry, 'app/tags/list?n=5', { authorization: 'Basic eA==' });
    expect(registry.requests).toMatchObject([
      { method: 'HEAD', path: '/v2/app/manifests/1', authorization: undefined },
      { method: 'GET', path: '/v2/app/tags/list?n=5', authorization: 'Basic eA==' },
    ]);
  });
});

describe('when a fault strikes', () => {
  test('only where it should, so often as it should, after as many as it should', async () => {
    const registry = await faulty({
      on: '/manifests/',
      method: 'GET',
      skip: 1,
      times: 2,
      fault: faults.status(500),
    });
    expect((await head(registry)).status).toBe(200);
    const statuses: number[] = [];
    for (let turn = 0; turn < 5; turn++) statuses.push((await get(registry)).status);
    expect(statuses).toEqual([200, 500, 500, 200, 200]);
    expect((await get(registry, 'app/tags/list')).status).toBe(200);
  });

  test('faults on one request add up', async () => {
    const registry = await faulty(
      { on: /manifests/, fault: faults.contentType('text/plain') },
      { on: /manifests/, fault: faults.withoutDigest() },
    );
    const { headers } = await get(registry);
    expect(headers['content-type']).toBe('text/plain');
    expect(headers).not.toHaveProperty('docker-content-digest');
  });
});

describe('answers that refuse', () => {
  test.each([
    ['in seconds', 7, '7'],
    ['as a date', new Date(Date.UTC(2030, 0, 2)), 'Wed, 02 Jan 2030 00:00:00 GMT'],
    ['as nonsense', 'soon', 'soon'],
    ['absent', undefined, undefined],
  ])('429 with Retry-After %s', async (_name, given, sent) => {
    const answer = await get(await faulty({ on: '/v2/', fault: faults.tooManyRequests(given) }));
    expect(answer.status).toBe(429);
    expect(answer.headers['retry-after']).toBe(sent);
    expect(answer.text).toContain('TOOMANYREQUESTS');
  });

  test('HEAD can be refused, or come without a digest', async () => {
    const refusing = await faulty({ on: '/v2/', method: 'HEAD', fault: faults.methodNotAllowed() });
    expect([(await head(refusing)).status, (await get(refusing)).status]).toEqual([405, 200]);
    const silent = await faulty({ on: '/v2/', method: 'HEAD', fault: faults.withoutDigest() });
    expect((await head(silent)).headers).not.toHaveProperty('docker-content-digest');
    expect((await get(silent)).headers).toHaveProperty('docker-content-digest');
  });
});

describe('broken connections', () => {
  test('a reset comes before the answer, or in the middle of it', async () => {
    await expect(get(await faulty({ on: '/v2/', fault: faults.reset() }))).rejects.toMatchObject({
      code: 'ECONNRESET',
    });
    const { received, error } = await receive(await faulty({ on: '/v2/', fault: faults.reset(40) }));
    expect(received).toBe(40);
    expect(error).toBe('ECONNRESET');
  });

  test('a truncated body ends in good order before its length', async () => {
    const { received, promised } = await receive(await faulty({ on: '/v2/', fault: faults.truncate(40) }));
    expect(received).toBe(40);
    expect(promised).toBeGreaterThan(40);
    await expect(get(await faulty({ on: '/v2/', fault: faults.truncate(40) }))).rejects.toThrow();
  });

  test('a request can stay without an answer, and closing lets it go', async () => {
    const registry = await faulty({ on: '/v2/', fault: faults.silence() });
    const pending = get(registry).then(
      () => 'answered',
      () => 'let go',
    );
    expect(await Promise.race([pending, delay(100, 'silent')])).toBe('silent');
    await registry.close();
    started.length = 0;
    expect(await pending).toBe('let go');
  });

  test('a drip is slow but whole, and a late answer late', async () => {
    const dripping = await faulty({ on: '/v2/', fault: faults.drip(100, 20) });
    const began = performance.now();
    const { body } = await get(dripping);
    expect(performance.now() - began).toBeGreaterThan(20 * Math.floor(body.length / 100) * 0.9);
    expect(parseManifest(body).kind).toBe('image');
    const tardy = await faulty({ on: '/v2/', fault: faults.late(60) });
    const asked = performance.now();
    expect((await get(tardy)).status).toBe(200);
    expect(performance.now() - asked).toBeGreaterThan(50);
  });
});

/** Reads with Node's own client, which tells how a connection ended. */
function receive(registry: FaultyRegistry): Promise<{ received: number; promised: number; error?: string }> {
  return new Promise((resolve) => {
    let received = 0;
    let promised = 0;
    let error: string | undefined;
    const failed = (thrown: NodeJS.ErrnoException) => {
      error ??= thrown.code;
    };
    const outgoing = httpRequest(`http://${registry.host}/v2/app/manifests/1`, (response) => {
      promised = Number(response.headers['content-length']);
      response.on('error', failed);
      response.on('data', (chunk: Buffer) => {
        received += chunk.length;
      });
    });
    outgoing.on('error', failed);
    outgoing.on('close', () => resolve({ received, promised, ...(error === undefined ? {} : { error }) }));
    outgoing.end();
  });
}

describe('content that is not what it says', () => {
  test('tampered content keeps the announced digest, served content announces its own', async () => {
    const tampered = await get(await faulty({ on: '/manifests/', fault: faults.tamper() }));
    expect(tampered.headers['docker-content-digest']).not.toBe(digestOf(tampered.body));
    const invalid = await get(
      await faulty({ on: '/manifests/', fault: faults.serve('{"schemaVersion":2,') }),
    );
    expect(invalid.headers['docker-content-digest']).toBe(digestOf(invalid.body));
    expect(() => JSON.parse(invalid.text)).toThrow(SyntaxError);
  });

  test('a body can come compressed though nobody asked', async () => {
    const registry = await faulty({ on: '/manifests/', fault: faults.gzipEncoded() });
    const { body, headers } = await get(registry);
    expect(headers['content-encoding']).toBe('gzip');
    expect(digestOf(gunzipSync(body))).toBe(headers['docker-content-digest']);
  });

  test('a child can be served as its own parent, which closes a circle no digest allows', async () => {
    const child = await singleArch('arm64');
    const parent = buildIndex([child]).manifest;
    const raw = { mediaType: mediaTypes.ociIndex, bytes: parent.bytes };
    const digest = child.manifest.descriptor.digest;
    const registry = await start({ manifests: { 'app:loop': raw, [`app@${digest}`]: raw } });
    const served = await get(registry, `app/manifests/${digest}`);
    expect(served.headers['docker-content-digest']).toBe(digest);
    expect(served.body).toEqual(Buffer.from(parent.bytes));
  });

  test('an index can lie in an index, as deep as wanted', async () => {
    let built = await multiArch('arm64');
    for (let depth = 0; depth < 6; depth++) built = buildIndex([built]);
    const registry = await start({ manifests: { 'app:deep': built } });
    let levels = 0;
    let manifest = parseManifest((await get(registry, 'app/manifests/deep')).body);
    while (manifest.kind === 'index' && manifest.manifests[0]) {
      levels += 1;
      manifest = parseManifest((await get(registry, `app/manifests/${manifest.manifests[0].digest}`)).body);
    }
    expect([levels, manifest.kind]).toEqual([7, 'image']);
  });

  test('a manifest can have 10 MB', async () => {
    const bytes = Buffer.alloc(10_000_000, ' ');
    const registry = await start({ manifests: { 'app:huge': { mediaType: mediaTypes.ociManifest, bytes } } });
    expect((await get(registry, 'app/manifests/huge')).body.length).toBe(10_000_000);
  });

  test('a flood of headers is more than a client takes', async () => {
    await expect(get(await faulty({ on: '/v2/', fault: faults.headerFlood() }))).rejects.toMatchObject({
      code: 'UND_ERR_HEADERS_OVERFLOW',
    });
  });
});

describe('ways without an end', () => {
  test('a redirect can lead to another host, or for ever to itself', async () => {
    const target = await faulty();
    const source = await faulty({ on: '/manifests/', fault: faults.redirect(`http://${target.host}`) });
    expect(await get(source)).toMatchObject({
      status: 307,
      headers: { location: `http://${target.host}/v2/app/manifests/1` },
    });
    const loop = await faulty({ on: '/manifests/', fault: faults.redirectLoop() });
    const first = (await get(loop)).headers['location'];
    const second = (await get(loop, String(first).replace('/v2/', ''))).headers['location'];
    expect([first, second]).toEqual(['/v2/app/manifests/1?turn=1', '/v2/app/manifests/1?turn=2']);
  });

  test.each([
    ['new', ['t0', 't10', 't20']],
    ['same', ['t0', 't0', 't0']],
  ] as const)('there is always a next page of tags (%s links)', async (link, expected) => {
    const registry = await faulty({ on: '/tags/', fault: faults.endlessTags(link) });
    let path = 'app/tags/list';
    const firsts: string[] = [];
    for (let page = 0; page < 3; page++) {
      const answer = await get(registry, path);
      firsts.push((JSON.parse(answer.text) as { tags: string[] }).tags[0] ?? '');
      path = /^<\/v2\/(.+)>; rel="next"$/.exec(String(answer.headers['link']))?.[1] ?? '';
    }
    expect(firsts).toEqual(expected);
  });
});

describe('tokens', () => {
  const image = singleArch('arm64');

  async function tokenFrom(registry: FaultyRegistry, headers: Record<string, string> = {}) {
    const challenge = String((await get(registry)).headers['www-authenticate']);
    const [, realm, scope] = /realm="([^"]+)",service="faulty",scope="([^"]+)"/.exec(challenge) ?? [];
    const answer = await request(`${realm}?service=faulty&scope=${scope}`, { headers });
    return { status: answer.statusCode, document: (await answer.body.json()) as Record<string, unknown> };
  }

  test('are asked for, given for one scope, and spent', async () => {
    const registry = await start({
      manifests: { 'app:1': await image, 'other:1': await image },
      auth: { member: 'access_token', expiresInSeconds: 300, usesPerToken: 2 },
    });
    const { document } = await tokenFrom(registry);
    expect(document).toEqual({ access_token: 'token-1', expires_in: 300 });
    const bearer = { authorization: 'Bearer token-1' };
    expect((await get(registry, 'other/manifests/1', bearer)).status).toBe(401);
    const statuses: number[] = [];
    for (let turn = 0; turn < 3; turn++) statuses.push((await get(registry, undefined, bearer)).status);
    expect(statuses).toEqual([200, 200, 401]);
  });

  test('are given to those who may have them', async () => {
    const registry = await start({
      manifests: { 'app:1': await image },
      auth: { username: 'u', password: 'p' },
    });
    expect((await tokenFrom(registry)).status).toBe(401);
    const authorization = `Basic ${Buffer.from('u:p').toString('base64')}`;
    expect(await tokenFrom(registry, { authorization })).toMatchObject({
      status: 200,
      document: { token: 'token-1' },
    });
  });

  test('can be handed out elsewhere', async () => {
    const registry = await start({ auth: { realm: 'http://elsewhere.example/token' } });
    expect((await get(registry)).headers['www-authenticate']).toContain(
      'realm="http://elsewhere.example/token"',
    );
  });
});
