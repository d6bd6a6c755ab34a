import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, describe, expect, test } from 'vitest';
import { executable, writeElf } from '../../../fixture/index.ts';
import type { OriginContext, OriginPlan } from '../../origin-types.ts';
import { type ReleaseParts, releaseOrigin } from './index.ts';
import { imageOf, type RunningServer, serve, sha256, workplace } from './release.test-support.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const arm64 = Buffer.from(writeElf({ machine: 'arm64' }));
const image = imageOf([executable('usr/bin/app', writeElf({ machine: 'amd64' }))]);
const good = sha256(arm64);

async function server(listener: RequestListener): Promise<RunningServer> {
  const running = await serve(listener);
  closing.push(running.close);
  return running;
}

interface Options extends Partial<ReleaseParts> {
  readonly hash?: string;
  readonly context?: Partial<OriginContext>;
}

async function planOf(url: string, { hash = good, context, ...parts }: Options = {}): Promise<OriginPlan> {
  const place = workplace();
  closing.push(place.remove);
  const origin = releaseOrigin([{ path: '/usr/bin/app', from: `${url}#sha256:${hash}` }], {
    cwd: place.cwd,
    environment: {},
    ...parts,
  });
  return origin.plan(await image, { ...place.context, ...context });
}

/** The one refusal that stands for a download that failed. */
async function refusalOf(url: string, options: Options = {}) {
  const plan = await planOf(url, options);
  expect(plan.paths.size).toBe(0);
  expect(plan.refusals).toHaveLength(1);
  return plan.refusals[0];
}

describe('an address', () => {
  test('is fetched, checked and kept for the next time', async () => {
    const { origin, requests } = await server((_, response) => response.end(arm64));
    const place = workplace();
    closing.push(place.remove);
    const { cache } = place.context;
    for (let time = 0; time < 2; time += 1) {
      const plan = await planOf(`${origin}/v1/app_linux_arm64`, { context: { cache } });
      expect(plan.refusals).toEqual([]);
      expect(plan.materials).toEqual([
        {
          origin: 'release',
          name: 'app_linux_arm64',
          uri: `${origin}/v1/app_linux_arm64`,
          sha256: good,
          size: arm64.length,
        },
      ]);
    }
    expect(requests).toHaveLength(1);
    const kept = join(cache, 'release', good.slice(0, 2));
    expect(readdirSync(kept)).toEqual([good]);
    writeFileSync(join(kept, good), 'damaged');
    expect((await planOf(`${origin}/v1/app`, { context: { cache } })).refusals).toEqual([]);
    expect(readFileSync(join(kept, good))).toEqual(arm64);
  });

  test('shows no password', async () => {
    const { origin } = await server((request, response) => {
      const isKnown =
        request.headers.authorization === `Basic ${Buffer.from('me:geheim').toString('base64')}`;
      response.writeHead(isKnown ? 200 : 401).end(arm64);
    });
    const plan = await planOf(`${origin.replace('//', '//me:geheim@')}/app`);
    expect(plan.refusals).toEqual([]);
    expect(JSON.stringify([plan.materials, [...plan.paths]])).not.toContain('geheim');
  });

  test('with other content than was named is refused, and not kept', async () => {
    const { origin } = await server((_, response) => response.end('other'));
    const place = workplace();
    closing.push(place.remove);
    const refusal = await refusalOf(`${origin}/app`, { context: { cache: place.context.cache } });
    expect(refusal).toMatchObject({
      kind: 'counterpart',
      waivable: false,
      why: expect.stringContaining(sha256(Buffer.from('other'))),
    });
    expect(refusal).not.toHaveProperty('undetermined');
    expect(readdirSync(join(place.context.cache, 'release', good.slice(0, 2)))).toEqual([]);
  });

  test('that gives too much is refused before it fills the disk', async () => {
    let sent = 0;
    const more = function* () {
      for (; sent < 64 * 1024 ** 2; sent += 65_536) yield Buffer.alloc(65_536);
    };
    const { origin } = await server((_, response) => {
      Readable.from(more())
        .pipe(response)
        .on('error', () => undefined);
    });
    const refusal = await refusalOf(`${origin}/app`, { limits: { bytes: 1024 ** 2 } });
    expect(refusal?.why).toContain('more than 1048576 bytes');
    expect(sent).toBeLessThan(32 * 1024 ** 2);
  });

  test.each([
    [404, 1],
    [403, 1],
    [503, 3],
  ])('that answers %i is not known, after %i tries', async (status, tries) => {
    const { origin, requests } = await server((_, response) => response.writeHead(status).end());
    expect(await refusalOf(`${origin}/app`)).toMatchObject({
      undetermined: true,
      why: expect.stringContaining(`${status}`),
    });
    expect(requests).toHaveLength(tries);
  });

  test('whose answer is cut off is tried again', async () => {
    const { origin, requests } = await server((_, response) => {
      response.writeHead(200, { 'content-length': arm64.length });
      if (requests.length > 1) response.end(arm64);
      else response.write(arm64.subarray(0, 100), () => response.destroy());
    });
    expect((await planOf(`${origin}/app`)).refusals).toEqual([]);
    expect(requests).toHaveLength(2);
  });

  test('that takes too long is not known', async () => {
    const { origin } = await server((_, response) => {
      response.write(arm64.subarray(0, 100));
    });
    expect(await refusalOf(`${origin}/app`, { limits: { time: 200 } })).toMatchObject({
      undetermined: true,
      why: expect.stringContaining('0.2 seconds'),
    });
  });

  test('is let go when the port is given up', async () => {
    const abort = new AbortController();
    const { origin } = await server((_, response) => {
      response.write(arm64.subarray(0, 100));
      abort.abort(new Error('given up'));
    });
    await expect(planOf(`${origin}/app`, { context: { signal: abort.signal } })).rejects.toThrow('given up');
  });
});

describe('a redirect', () => {
  const to =
    (location: string): RequestListener =>
    (request, response) => {
      if (request.url === '/app') response.writeHead(302, { location }).end();
      else response.end(arm64);
    };

  test('within this machine is followed', async () => {
    const { origin } = await server(to('/elsewhere'));
    expect((await planOf(`${origin}/app`)).refusals).toEqual([]);
  });

  test.each([
    'http://release.example.org/app',
    'http://169.254.169.254/app',
    'file:///etc/passwd',
    'http://[',
  ])('to %s is not', async (location) => {
    const { origin } = await server(to(location));
    expect(await refusalOf(`${origin}/app`)).toMatchObject({
      undetermined: true,
      why: expect.stringContaining('refused'),
    });
  });

  test('that goes on and on ends', async () => {
    const { origin, requests } = await server((_, response) =>
      response.writeHead(302, { location: '/app' }).end(),
    );
    expect((await refusalOf(`${origin}/app`))?.why).toContain('more than 5 times');
    expect(requests.length).toBeLessThanOrEqual(18);
  });
});
