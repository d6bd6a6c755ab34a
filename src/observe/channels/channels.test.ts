import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { channelAddress, loadCatalog, type Product } from '../../catalog/index.ts';
import { openAccess } from '../../registry/index.ts';
import { type ChannelLook, catalogCheckResultSchema, channelLookSchema } from '../../results/index.ts';
import { checkProducts } from '../check.ts';
import { fastClock } from '../world.test-support.ts';
import { createChannelFetch, lookAtChannels } from './index.ts';
import { image, type ReleaseServer, startReleaseServer } from './release-server.test-support.ts';

const platform = { os: 'linux', architecture: 'arm64' } as const;
let server: ReleaseServer;
const closing: (() => Promise<void>)[] = [];

beforeEach(async () => {
  server = await startReleaseServer();
});
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  await server.close();
});

type List = NonNullable<Product['channels']>['list'];

function product(list: List): Product {
  return {
    schemaVersion: 1,
    kind: 'product',
    name: 'flatcar',
    title: 'Flatcar Linux',
    delivery: ['machine-image'],
    channels: { ...server.channels, list },
    file: 'flatcar.yaml',
    folder: '',
  };
}

function fetcher(time = 2000) {
  const { fetch, close } = createChannelFetch({ environment: {}, clock: fastClock(), time });
  closing.push(close);
  return fetch;
}

async function look(list: List, time?: number): Promise<readonly ChannelLook[]> {
  const looks = await lookAtChannels(product(list), { fetch: fetcher(time), platform, clock: fastClock() });
  for (const one of looks) channelLookSchema.parse(one);
  return looks;
}

const stable = [{ name: 'stable' }];
const lookAtStable = async (time?: number) => (await look(stable, time))[0];
const version = '/stable/arm64-usr/current/version.txt';

describe('a channel', () => {
  test('has the platform where its newest version and all its files are there', async () => {
    server.release('stable', 'arm64', '3033.2.0');
    server.release('stable', 'amd64', '3033.2.1');
    expect(await lookAtStable()).toEqual({
      channel: 'stable',
      platform: 'linux/arm64',
      result: 'has',
      version: '3033.2.0',
      compared: { platform: 'linux/amd64', version: '3033.2.1' },
      at: '2026-01-01T00:00:00.000Z',
      why: 'it publishes 3033.2.0 for arm64, with all its files',
    });
    // Of the version that was told, so that one which comes meanwhile doesn't mix with it.
    expect(server.requests).toContain(`HEAD /stable/arm64-usr/3033.2.0/${image}`);
  });

  test('has none where only the other platform is there', async () => {
    server.release('stable', 'amd64', '2983.2.1');
    expect(await lookAtStable()).toMatchObject({
      result: 'none',
      compared: { version: '2983.2.1' },
      why: 'it publishes 2983.2.1 for amd64, and nothing for arm64',
    });
  });

  test('is gone where it has nothing for either', async () => {
    expect(await lookAtStable()).toMatchObject({ result: 'gone' });
  });

  test('that lacks a file which the other platform has is unknown; one that neither has is none of it', async () => {
    server.release('stable', 'arm64', '3033.2.0');
    server.release('stable', 'amd64', '3033.2.0');
    server.remove(`/stable/arm64-usr/3033.2.0/${image}.DIGESTS`);
    expect(await lookAtStable()).toMatchObject({
      result: 'unknown',
      reason: 'incomplete',
      version: '3033.2.0',
      why: `3033.2.0 for arm64 lacks ${image}.DIGESTS; amd64 has ${image}.DIGESTS`,
    });
    server.remove(`/stable/amd64-usr/3033.2.0/${image}.DIGESTS`);
    expect(await lookAtStable()).toMatchObject({ result: 'has' });
    for (const name of [image, `${image}.sig`])
      for (const architecture of ['arm64', 'amd64'])
        server.remove(`/stable/${architecture}-usr/3033.2.0/${name}`);
    expect(await lookAtStable()).toMatchObject({ result: 'unknown', reason: 'incomplete' });
  });

  test.each([
    [403, 'unauthorized'],
    [429, 'rate-limited'],
    [500, 'network'],
    [204, 'network'],
  ])('is unknown where the server answers %i', async (status, reason) => {
    server.release('stable', 'amd64', '3033.2.0');
    server.answer(version, status);
    expect(await lookAtStable()).toMatchObject({ result: 'unknown', reason });
  });

  test('is unknown, and not without the platform, where the other platform can not be asked', async () => {
    server.answer('/stable/amd64-usr/current/version.txt', 503);
    expect(await lookAtStable()).toMatchObject({ result: 'unknown', reason: 'network' });
  });

  test('is asked once more after a failure that may pass', async () => {
    server.release('stable', 'arm64', '3033.2.0');
    let count = 0;
    server.answer(version, (_, response) => {
      count += 1;
      response.statusCode = count === 1 ? 502 : 200;
      response.end('FLATCAR_VERSION=3033.2.0\n');
    });
    expect(await lookAtStable()).toMatchObject({ result: 'has' });
    expect(count).toBe(2);
  });

  test.each([
    ['no version', 'FLATCAR_BUILD=3033\n'],
    ['two versions', 'FLATCAR_VERSION=3033.2.0\nFLATCAR_VERSION=3033.2.1\n'],
    ['a path', 'FLATCAR_VERSION=3033.2.0/../../../secret\n'],
    ['a page', '<html><body>404</body></html>'],
    ['more than anybody reads', `FLATCAR_VERSION=3033.2.0\n${'x'.repeat(70_000)}`],
  ])('is unknown where the text of its version holds %s', async (_, text) => {
    server.release('stable', 'amd64', '3033.2.0');
    server.answer(version, text);
    expect(await lookAtStable()).toMatchObject({ result: 'unknown', reason: 'malformed' });
  });

  test('reads a version in quotes, and lines that end as on Windows', async () => {
    server.release('stable', 'arm64', '3033.2.0');
    server.answer(version, 'A=1\r\nFLATCAR_VERSION="3033.2.0"\r\n');
    expect(await lookAtStable()).toMatchObject({ result: 'has', version: '3033.2.0' });
  });

  test('never has a version that its text does not say, whatever bytes that is', async () => {
    server.release('stable', 'amd64', '3033.2.0');
    await fc.assert(
      fc.asyncProperty(fc.string({ maxLength: 40 }), async (value) => {
        server.answer(version, `FLATCAR_VERSION=${value}`);
        const seen = await lookAtStable();
        expect(['unknown', 'has']).toContain(seen?.result);
        if (seen?.version !== undefined) expect(value).toContain(seen.version);
      }),
      { numRuns: 30 },
    );
  });

  test('is unknown where there is no answer in time', async () => {
    server.answer(version, () => undefined);
    expect(await lookAtStable(150)).toMatchObject({ result: 'unknown', reason: 'timeout' });
  });

  test('is followed to where it moved, and no further than is safe', async () => {
    server.release('stable', 'arm64', '3033.2.0');
    const to = (location: string) => (_: unknown, response: import('node:http').ServerResponse) => {
      response.writeHead(302, { location });
      response.end();
    };
    server.answer(version, to('/stable/arm64-usr/3033.2.0/version.txt'));
    expect(await lookAtStable()).toMatchObject({ result: 'has' });
    server.answer(version, to('http://releases.example/version.txt'));
    expect(await lookAtStable()).toMatchObject({ result: 'unknown', reason: 'refused' });
    server.answer(version, to(version));
    expect(await lookAtStable()).toMatchObject({ result: 'unknown', reason: 'refused' });
  });

  test('ends with the reason of an abort', async () => {
    const abort = new AbortController();
    server.answer(version, () => abort.abort(new Error('enough')));
    const options = { fetch: fetcher(), platform, signal: abort.signal };
    await expect(lookAtChannels(product(stable), options)).rejects.toThrow('enough');
  });
});

describe('since when a channel has the platform', () => {
  const claimed = [{ name: 'stable', since: '3033.2.0', before: '2983.2.1' }];
  beforeEach(() => {
    for (const one of ['2983.2.1', '3033.2.0']) server.release('stable', 'amd64', one);
    server.release('stable', 'arm64', '3033.2.0');
  });

  test('is confirmed by its first version, and by the lack of the one before', async () => {
    expect((await look(claimed))[0]?.since).toEqual({
      version: '3033.2.0',
      seen: 'confirmed',
      why: '3033.2.0 is there for arm64, and 2983.2.1 is not',
    });
  });

  test('is contradicted by an earlier version, or where that version lacks it', async () => {
    server.release('stable', 'arm64', '2983.2.1');
    expect((await look(claimed))[0]?.since).toMatchObject({ seen: 'contradicted' });
    server.remove('/stable/arm64-usr/3033.2.0/version.txt');
    expect((await look(claimed))[0]?.since).toEqual({
      version: '3033.2.0',
      seen: 'contradicted',
      why: '3033.2.0 is there for amd64 alone',
    });
  });

  test('is unknown where old releases are there no more', async () => {
    const [seen] = await look([{ name: 'stable', since: '2000.1.0' }]);
    expect(seen).toMatchObject({ result: 'has', since: { version: '2000.1.0', seen: 'unknown' } });
  });
});

describe('a check of the catalog', () => {
  async function check(list: List) {
    const access = await openAccess({ environment: {}, noCache: true });
    closing.push(() => access.close());
    const result = await checkProducts([product(list)], {
      access,
      platform,
      clock: fastClock(),
      fetchChannel: fetcher(),
      observations: () => [],
    });
    return catalogCheckResultSchema.parse(result).products[0];
  }

  test('looks at the channels of a product, all but those that have ended', async () => {
    server.release('stable', 'arm64', '3033.2.0');
    server.release('stable', 'amd64', '3033.2.0');
    const checked = await check([{ name: 'stable' }, { name: 'edge', ended: 'retired' }]);
    expect(checked?.channels).toMatchObject([{ channel: 'stable', result: 'has' }]);
    expect(checked?.findings).toEqual([]);
  });

  test('finds what a channel has lost, what contradicts people, and what nobody could tell', async () => {
    for (const channel of ['stable', 'beta', 'alpha']) server.release(channel, 'amd64', '3100.0.0');
    server.release('lts', 'arm64', '3033.3.0');
    server.release('lts', 'arm64', '3100.3.0');
    server.answer('/alpha/arm64-usr/current/version.txt', 500);
    const checked = await check([
      { name: 'stable', since: '3033.2.0' },
      { name: 'beta', since: '4000.1.0' },
      { name: 'alpha' },
      { name: 'lts', since: '3100.3.0', before: '3033.3.0' },
    ]);
    expect(checked?.findings).toMatchObject([
      { kind: 'channel-lost', severity: 'error' },
      { kind: 'channel-lacks', severity: 'note' },
      { kind: 'channel-unknown', severity: 'warning', undetermined: true },
      { kind: 'contradicts-claim', severity: 'warning' },
    ]);
  });
});

test("the catalog has the layout of Flatcar's release servers", async () => {
  const cwd = fileURLToPath(new URL('../../..', import.meta.url));
  const { channels } = (await loadCatalog({ folders: [], cwd })).get('flatcar');
  const place = { channel: 'stable', architecture: 'arm64', version: 'current' };
  expect(channelAddress(channels?.version ?? '', place)).toBe(
    'https://stable.release.flatcar-linux.net/arm64-usr/current/version.txt',
  );
  expect(channels?.list.map(({ name, since }) => [name, since])).toEqual([
    ['stable', '3033.2.0'],
    ['beta', '3033.1.1'],
    ['alpha', undefined],
    ['lts', '3033.3.0'],
    ['edge', undefined],
  ]);
});
