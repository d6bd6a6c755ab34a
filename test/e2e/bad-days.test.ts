// A registry's bad days: each ends in the right `unknown`, never in a wrong verdict, a crash or a hang.
import { afterEach, describe, expect, test } from 'vitest';
import { type Built, buildIndex, multiArch, singleArch } from '../../src/fixture/index.ts';
import { digestOf, mediaTypes } from '../../src/oci/index.ts';
import { type ScanOptions, scan } from '../../src/scan/index.ts';
import {
  type Behaviour,
  type FaultyRegistry,
  type FaultyRegistryOptions,
  faults,
  startFaultyRegistry,
} from '../support/faulty-registry.ts';

let registry: FaultyRegistry | undefined;
afterEach(async () => {
  await registry?.close();
  registry = undefined;
});

/** Time that passes as fast as it is waited for. */
function fastClock() {
  let now = Date.now();
  let slept = 0;
  return {
    now: () => now,
    sleep: (milliseconds: number) => {
      now += milliseconds;
      slept += milliseconds;
      return Promise.resolve();
    },
    slept: () => slept,
  };
}

async function judge(
  options: FaultyRegistryOptions,
  scanOptions: Partial<ScanOptions> = {},
  reference = 'app:1',
) {
  registry = await startFaultyRegistry(options);
  const result = await scan({
    inputs: [`${registry.host}/${reference}`],
    environment: {},
    noCache: true,
    clock: fastClock(),
    ...scanOptions,
  });
  const [image] = result.images;
  if (image === undefined) throw new Error('no image in the result');
  return { ...image, requests: registry.requests };
}

async function withFault(
  behaviour: Partial<Behaviour> & Pick<Behaviour, 'fault'>,
  scanOptions: Partial<ScanOptions> = {},
) {
  const image = await multiArch('amd64', 'arm64');
  return judge(
    { manifests: { 'app:1': image }, behaviours: [{ on: '/manifests/', ...behaviour }] },
    scanOptions,
  );
}

const ready = { state: 'ready' };
const unknown = (reason: string) => ({ state: 'unknown', reason });

describe('field 9: a registry that throttles', () => {
  test.each([
    ['with Retry-After in seconds', 7],
    ['with Retry-After as a date', new Date(Date.now() + 20_000)],
    ['without Retry-After', undefined],
  ])('%s twice is waited for', async (_name, retryAfter) => {
    const clock = fastClock();
    const { readiness } = await withFault({ fault: faults.tooManyRequests(retryAfter), times: 2 }, { clock });
    expect(readiness).toEqual(ready);
    expect(clock.slept()).toBeGreaterThan(0);
  });

  test.each([
    ['in seconds', 5],
    ['as a date', new Date(Date.now() + 86_400_000)],
    ['absent', undefined],
    ['nonsense', 'soon'],
  ])('for ever, Retry-After %s, is unknown: rate-limited, never missing', async (_name, retryAfter) => {
    expect((await withFault({ fault: faults.tooManyRequests(retryAfter) })).readiness).toEqual(
      unknown('rate-limited'),
    );
  });

  test('with 503 for a while is waited for', async () => {
    expect(
      (await withFault({ fault: faults.status(503, undefined, { 'retry-after': '3' }), times: 2 })).readiness,
    ).toEqual(ready);
  });
});

describe('a registry that fails', () => {
  test('with 500 for a while is asked again', async () => {
    expect((await withFault({ fault: faults.status(500), times: 2 })).readiness).toEqual(ready);
  });

  test.each([
    ['500 for ever', faults.status(500), 'network'],
    ['a reset before any answer', faults.reset(), 'network'],
    ['a reset in the middle of the body', faults.reset(20), 'network'],
    ['403', faults.status(403, 'DENIED'), 'unauthorized'],
    ['404', faults.status(404, 'MANIFEST_UNKNOWN'), 'not-found'],
    ['403 that says too many requests', faults.status(403, 'TOOMANYREQUESTS'), 'rate-limited'],
    ['a redirect loop', faults.redirectLoop(), 'malformed'],
    ['content that is not its digest', faults.tamper(), 'malformed'],
    ['a page of HTML', faults.serve('<html>sign in</html>'), 'malformed'],
    ['an empty body', faults.serve(''), 'malformed'],
    ['a 10 MB manifest', faults.serve(new Uint8Array(10 * 1024 * 1024).fill(0x20)), 'malformed'],
    ['405', faults.methodNotAllowed(), 'unsupported'],
  ])('with %s is unknown for that reason', async (_name, fault, reason) => {
    expect((await withFault({ fault })).readiness).toEqual(unknown(reason));
  });

  test.each([
    ['never answers', faults.silence()],
    ['drips its answer', faults.drip(1, 150)],
  ])('that %s ends in a timeout', async (_name, fault) => {
    const { readiness } = await withFault({ fault }, { timeoutSeconds: 1, clock: undefined as never });
    expect(readiness).toEqual(unknown('timeout'));
  });

  test('with a body cut short is never believed', async () => {
    const { readiness } = await withFault({ fault: faults.truncate(40) });
    expect(readiness.state).toBe('unknown');
  });

  test.each([
    ['a wrong Content-Type', faults.contentType('text/plain')],
    ['no Content-Type', faults.contentType(undefined)],
    ['no digest header', faults.withoutDigest()],
  ])('only in form, with %s, is believed by its content', async (_name, fault) => {
    expect((await withFault({ fault })).readiness).toEqual(ready);
  });

  test('whose host does not resolve or listen is unknown: network', async () => {
    const { images } = await scan({
      inputs: ['127.0.0.1:1/app:1'],
      environment: {},
      noCache: true,
      clock: fastClock(),
    });
    expect(images[0]?.readiness).toEqual(unknown('network'));
  });
});

describe('tokens', () => {
  test('that expire in the middle of a run are renewed', async () => {
    const image = await singleArch('arm64');
    const { readiness, requests } = await judge({ manifests: { 'app:1': image }, auth: { usesPerToken: 1 } });
    expect(readiness).toEqual(ready);
    expect(requests.filter(({ path }) => path.startsWith('/token'))).toHaveLength(2);
  });

  test('that are refused end in unauthorized', async () => {
    const image = await singleArch('arm64');
    const { readiness } = await judge({
      manifests: { 'app:1': image },
      auth: { username: 'somebody', password: 'else' },
    });
    expect(readiness).toEqual(unknown('unauthorized'));
  });
});

describe('field 30: documents made to harm', () => {
  async function nested(depth: number): Promise<Built> {
    let index = await multiArch('amd64', 'arm64');
    for (let level = 1; level < depth; level += 1) index = buildIndex([{ of: index, platform: null }]);
    return index;
  }

  test('four levels of indexes are followed, five are not', async () => {
    expect((await judge({ manifests: { 'app:1': await nested(4) } })).readiness).toEqual(ready);
    await registry?.close();
    expect((await judge({ manifests: { 'app:1': await nested(5) } })).readiness).toEqual(
      unknown('malformed'),
    );
  });

  test('an index served as its own child is not its digest', async () => {
    const child = await singleArch('arm64');
    const index = buildIndex([{ of: child, platform: null }]);
    const parent = { mediaType: mediaTypes.ociIndex, bytes: index.manifest.bytes };
    const manifests = { 'app:1': index, [`app@${child.manifest.descriptor.digest}`]: parent };
    expect((await judge({ manifests })).readiness).toEqual(unknown('malformed'));
  });

  test('an index of ten thousand silent entries stops at its budget', async () => {
    const manifests = Array.from({ length: 9_999 }, (_, number) => ({
      mediaType: mediaTypes.ociManifest,
      size: 2,
      digest: digestOf(new TextEncoder().encode(String(number))),
    }));
    const bytes = new TextEncoder().encode(
      JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests }),
    );
    const { readiness, requests } = await judge({
      manifests: { 'app:1': { mediaType: mediaTypes.ociIndex, bytes } },
    });
    expect(readiness.state).toBe('unknown');
    expect(requests.length).toBeLessThan(100);
  });

  test('endless tag pages do not keep a pinned digest waiting for ever', async () => {
    const amd64 = await singleArch('amd64');
    const digest = amd64.manifest.descriptor.digest;
    const { readiness } = await judge(
      {
        manifests: { [`app@${digest}`]: amd64 },
        behaviours: [{ on: '/tags/list', fault: faults.endlessTags() }],
      },
      {},
      `app@${digest}`,
    );
    expect(readiness).toEqual({ state: 'missing' });
  });
});

test('field 29: a redirect to another host takes no Authorization along', async () => {
  const image = await singleArch('arm64');
  const elsewhere = await startFaultyRegistry({ manifests: { 'app:1': image } });
  try {
    const { readiness } = await judge({
      manifests: { 'app:1': image },
      auth: {},
      behaviours: [{ on: '/blobs/', fault: faults.redirect(`http://${elsewhere.host}`) }],
    });
    expect(readiness).toEqual(ready);
    expect(elsewhere.requests.length).toBeGreaterThan(0);
    expect(elsewhere.requests.every(({ authorization }) => authorization === undefined)).toBe(true);
  } finally {
    await elsewhere.close();
  }
});

test('field 4: a registry that refuses Docker types is asked for OCI types too', async () => {
  const { readiness, requests } = await withFault({ fault: faults.contentType(mediaTypes.ociIndex) });
  expect(readiness).toEqual(ready);
  expect(requests[0]?.headers.accept).toContain(mediaTypes.ociIndex);
  expect(requests[0]?.headers.accept).toContain(mediaTypes.dockerList);
});
