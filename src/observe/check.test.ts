import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Fault } from '../../test/support/faults.ts';
import { type FaultyRegistry, faults, startFaultyRegistry } from '../../test/support/faulty-registry.ts';
import { platformAuditors } from '../audit/index.ts';
import type { Product } from '../catalog/index.ts';
import { buildIndex, singleArch } from '../fixture/index.ts';
import { defaultPlatform } from '../oci/index.ts';
import { type AccessOptions, openAccess } from '../registry/index.ts';
import { type CheckedProduct, catalogCheckResultSchema, type Observation } from '../results/index.ts';
import { type CheckOptions, checkProducts } from './index.ts';
import { bothPlatforms, fastClock, startWorld, type World } from './world.test-support.ts';

let world: World;
let clock: ReturnType<typeof fastClock>;
/** What the catalog has kept. */
let kept: Observation[] = [];

beforeEach(async () => {
  world = await startWorld();
  clock = fastClock();
  kept = [];
});
afterEach(() => world.close());

function product(name: string, parts: Partial<Product> = {}): Product {
  return {
    schemaVersion: 1,
    kind: 'product',
    name,
    title: name,
    delivery: ['image'],
    images: [{ reference: `${world.host}/${name}`, role: 'server' }],
    file: `${name}.yaml`,
    folder: '',
    ...parts,
  };
}

const supportedSince = (versions: string): Product['claims'] => [
  {
    text: `arm64 ${versions}`,
    says: 'supported',
    versions,
    source: 'https://app.example/',
    date: '2025-01-01',
  },
];

interface Given extends Partial<Omit<CheckOptions, 'audit' | 'access'>> {
  readonly access?: AccessOptions;
  readonly bytes?: boolean;
  readonly keep?: boolean;
}

/** A check of its own day, with an access of its own. */
async function check(
  products: readonly Product[],
  { bytes = false, keep = true, access: limits = {}, ...options }: Given = {},
) {
  clock.pass(24 * 60 * 60 * 1000);
  const access = await openAccess({ environment: {}, noCache: true, clock, ...limits });
  const audit = bytes ? platformAuditors({ environment: {}, noCache: true }) : undefined;
  const record = (_product: string, seen: Observation) => {
    kept.push(seen);
    return Promise.resolve();
  };
  const before = [...kept];
  try {
    const result = await checkProducts(products, {
      access,
      platform: defaultPlatform,
      clock,
      observations: () => before,
      ...(audit && { audit }),
      ...(keep && { record }),
      ...options,
    });
    expect(catalogCheckResultSchema.parse(result)).toEqual(result);
    return result;
  } finally {
    await audit?.close();
    await access.close();
  }
}

async function checkOne(one: Product, given: Given = {}): Promise<CheckedProduct> {
  const [checked] = (await check([one], given)).products;
  if (checked === undefined) throw new Error('no product in the result');
  return checked;
}

const seenIn = ({ observations }: Pick<CheckedProduct, 'observations'>) =>
  observations.map(({ reference, result }) => `${reference.slice(reference.indexOf('/') + 1)} ${result}`);
const kinds = (found: readonly { readonly kind: string }[]) => found.map(({ kind }) => kind);

describe('which tags are looked at', () => {
  beforeEach(async () => {
    for (const tag of ['1.0.0', '1.5.0', '1.10.0', 'v2.0.0-rc.1', 'latest'])
      await world.push(`app:${tag}`, await bothPlatforms('arm64', tag));
    world.takeRequests();
  });

  test('the newest stable release, and the first that is claimed; a list and two requests each', async () => {
    expect(seenIn(await checkOne(product('app', { claims: supportedSince('>=1.5.0') })))).toEqual([
      'app:1.10.0 multi-arch',
      'app:1.5.0 multi-arch',
    ]);
    expect(world.takeRequests().sort()).toEqual([
      'GET app/manifests/1.10.0',
      'GET app/manifests/1.5.0',
      'GET app/tags/list?n=1000',
      'HEAD app/manifests/DIGEST',
      'HEAD app/manifests/DIGEST',
    ]);
  });

  test('several of the newest, or those that are named, which need no list', async () => {
    expect(seenIn(await checkOne(product('app'), { newest: 2 }))).toEqual([
      'app:1.10.0 multi-arch',
      'app:1.5.0 multi-arch',
    ]);
    world.takeRequests();
    expect(seenIn(await checkOne(product('app'), { tags: ['latest'] }))).toEqual(['app:latest multi-arch']);
    expect(world.takeRequests()).not.toContain('GET app/tags/list?n=1000');
  });

  test('of the form that the product gives its tags', async () => {
    await world.push('forms:1.9.0', await bothPlatforms());
    await world.push('forms:v1.2.0-distroless', await bothPlatforms());
    const images = [
      { reference: `${world.host}/forms`, role: 'server' as const, tag: 'v{version}-distroless' },
    ];
    expect(seenIn(await checkOne(product('forms', { images })))).toEqual([
      'forms:v1.2.0-distroless multi-arch',
    ]);
  });

  test('the moving tag of a repository without releases', async () => {
    await world.push('moving:latest', await bothPlatforms());
    await world.push('moving:main', await bothPlatforms());
    const checked = await checkOne(product('moving'));
    expect(seenIn(checked)).toEqual(['moving:latest multi-arch']);
  });

  test('images of workarounds that are still offered', async () => {
    await world.push('other/app:3.0.0', await bothPlatforms());
    const workaround = (until: string) => ({
      kind: 'third-party-image' as const,
      text: 'somebody builds it',
      until,
      image: { reference: `${world.host}/other/app`, trust: 'personal' as const },
    });
    const without = await checkOne(product('app', { workarounds: [workaround('2025-12-31')] }));
    expect(seenIn(without)).toEqual(['app:1.10.0 multi-arch']);
    const offered = await checkOne(product('app', { workarounds: [workaround('2026-12-31')] }));
    expect(seenIn(offered)).toEqual(['app:1.10.0 multi-arch', 'other/app:3.0.0 multi-arch']);
  });

  test('names with an architecture in them, by their own releases', async () => {
    await world.push('app-arm64:1.2.0', await singleArch('arm64'));
    const images = [
      { reference: `${world.host}/app`, role: 'server' as const, archNames: [`${world.host}/app-arm64`] },
    ];
    expect(seenIn(await checkOne(product('app', { images })))).toEqual([
      'app:1.10.0 multi-arch',
      'app-arm64:1.2.0 single-arch',
    ]);
  });

  test('what two products share is looked at once', async () => {
    const images = [{ reference: `${world.host}/app`, role: 'server' as const }];
    const { products } = await check([product('one', { images }), product('two', { images })]);
    expect(products.map(({ observations }) => observations.length)).toEqual([1, 1]);
    expect(world.takeRequests().filter((one) => one.startsWith('GET app/manifests/'))).toHaveLength(1);
    // Each keeps it.
    expect(kept).toHaveLength(2);
  });

  test('a product without images has nothing to look at, and says so', async () => {
    const checked = await checkOne(product('tool', { images: [], delivery: ['binary'] }));
    expect(checked).toMatchObject({ observations: [], findings: [{ kind: 'no-image', severity: 'note' }] });
  });
});

describe('states move with what is seen', () => {
  const claimed = () => product('app', { claims: supportedSince('>=1.0.0') });

  test('to supported by audits; documents alone are no proof', async () => {
    await world.push('app:1.0.0', await bothPlatforms());
    const listed = await checkOne(product('app'));
    expect(listed.after.state).not.toBe('supported');
    const audited = await checkOne(product('app'), { bytes: true });
    expect(audited).toMatchObject({ after: { state: 'supported' }, regressions: [] });
    // The next look at documents finds the very image that was read.
    const again = await checkOne(product('app'));
    expect(again).toMatchObject({ before: { state: 'supported' }, after: { state: 'supported' } });
    expect(again.observations).toMatchObject([{ method: 'audit', result: 'multi-arch' }]);
  });

  test('to regressed where the tag moves to an index without the platform', async () => {
    await world.push('app:1.0.0', await bothPlatforms());
    await checkOne(claimed(), { bytes: true });
    await world.push('app:1.0.0', buildIndex([await singleArch('amd64')]));
    const checked = await checkOne(claimed());
    expect(checked).toMatchObject({ before: { state: 'supported' }, after: { state: 'regressed' } });
    expect(kinds(checked.regressions)).toEqual(['lost']);
    expect(checked.regressions[0]?.why).toContain('the tag has moved from sha256:');
    // It's told as a regression once; the state stays.
    const again = await checkOne(claimed());
    expect(again).toMatchObject({ regressions: [], after: { state: 'regressed' } });
  });

  test('to regressed where x86 programs stand behind the label, which takes an audit', async () => {
    await world.push('app:1.0.0', await bothPlatforms());
    await checkOne(claimed(), { bytes: true });
    await world.push('app:1.0.0', await bothPlatforms('amd64'));
    const fooled = await checkOne(claimed());
    expect(fooled).toMatchObject({
      regressions: [],
      observations: [{ method: 'manifest', result: 'multi-arch' }],
    });
    const checked = await checkOne(claimed(), { bytes: true });
    expect(kinds(checked.regressions)).toEqual(['mislabelled']);
    expect(checked.after.state).toBe('regressed');
    // Documents don't clear what the bytes said of the same image.
    const after = await checkOne(claimed());
    expect(after).toMatchObject({ observations: [{ result: 'mislabelled' }], after: { state: 'regressed' } });
    expect(kinds(after.findings)).toContain('mislabelled');
  });

  test('back to supported where the image is mended', async () => {
    await world.push('app:1.0.0', await bothPlatforms('amd64'));
    await checkOne(claimed(), { bytes: true });
    await world.push('app:1.0.0', await bothPlatforms());
    expect(await checkOne(claimed(), { bytes: true })).toMatchObject({
      before: { state: 'regressed' },
      after: { state: 'supported' },
    });
  });
});

describe('what is not recorded, and what is not asked', () => {
  test('a dry run says the same and keeps nothing', async () => {
    await world.push('app:1.0.0', await bothPlatforms());
    const result = await check([product('app')], { keep: false });
    expect(result).toMatchObject({ recorded: false, summary: { observations: 1 } });
    expect(kept).toEqual([]);
  });

  test('what is known and new enough is not asked again; what was unknown is', async () => {
    await world.push('app:1.0.0', await bothPlatforms());
    await checkOne(product('app'), { tags: ['1.0.0', 'nowhere'] });
    world.takeRequests();
    const week = 7 * 24 * 60 * 60 * 1000;
    const checked = await checkOne(product('app'), { tags: ['1.0.0'], olderThan: week });
    expect(checked).toMatchObject({ observations: [], fresh: [{ reference: `${world.host}/app:1.0.0` }] });
    expect(world.takeRequests()).toEqual([]);
    clock.pass(week);
    expect(await checkOne(product('app'), { tags: ['1.0.0'], olderThan: week })).toMatchObject({ fresh: [] });
    // Nor is the list of tags, where somebody looked lately.
    world.takeRequests();
    expect(await checkOne(product('app'), { olderThan: week })).toMatchObject({
      observations: [],
      findings: [],
    });
    expect(world.takeRequests()).toEqual([]);
    // An audit wants more than documents.
    const audited = await checkOne(product('app'), { tags: ['1.0.0'], olderThan: week, bytes: true });
    expect(audited).toMatchObject({ fresh: [], observations: [{ method: 'audit' }] });
  });

  test('an interruption keeps what was seen', async () => {
    await world.push('app:1.0.0', await bothPlatforms());
    await world.push('app:2.0.0', await bothPlatforms());
    const interrupt = new AbortController();
    const record = (_product: string, seen: Observation) => {
      kept.push(seen);
      interrupt.abort();
      return Promise.resolve();
    };
    const tags = ['1.0.0', '2.0.0', ...Array.from({ length: 100 }, (_, at) => `3.0.${at}`)];
    await expect(check([product('app')], { tags, record, signal: interrupt.signal })).rejects.toThrow(
      /abort/i,
    );
    expect(kept.length).toBeGreaterThan(0);
    expect(kept.length).toBeLessThan(tags.length);
  });
});

describe('a registry with troubles', () => {
  let registry: FaultyRegistry | undefined;
  let trouble: Fault | undefined;
  afterEach(async () => {
    await registry?.close();
    registry = undefined;
    trouble = undefined;
  });

  /** A registry that is well until it's told otherwise. */
  async function start(manifests: Parameters<typeof startFaultyRegistry>[0] = {}) {
    registry = await startFaultyRegistry({
      ...manifests,
      behaviours: [{ on: '/v2/app', fault: (answer, exchange) => trouble?.(answer, exchange) ?? answer }],
    });
    const images = [{ reference: `${registry.host}/app`, role: 'server' as const }];
    return product('app', { images, claims: supportedSince('>=1.0.0') });
  }

  test.each([
    ['401', faults.status(401, 'UNAUTHORIZED'), 'unauthorized'],
    ['404 for all', faults.status(404, 'NAME_UNKNOWN'), 'not-found'],
    ['429', faults.tooManyRequests(3600), 'rate-limited'],
    ['500', faults.status(503), 'network'],
  ])('%s is unknown: no regression, and the state stays', async (_name, fault, reason) => {
    const app = await start({ manifests: { 'app:1.0.0': await bothPlatforms() } });
    await checkOne(app, { bytes: true });
    trouble = fault;
    const checked = await checkOne(app);
    expect(checked).toMatchObject({
      before: { state: 'supported' },
      after: { state: 'supported' },
      regressions: [],
      // Without a list, the claimed version is asked for, as both of the tags that it may have.
      observations: [{ result: 'unknown', reason }],
      findings: [{ kind: 'tags-unknown', undetermined: true }],
    });
  });

  test('a tag that was deleted is gone, and a regression, though the list no longer names it', async () => {
    await world.push('app:1.0.0', await bothPlatforms());
    await world.push('app:2.0.0', await bothPlatforms('arm64', 'second'));
    const app = product('app', { claims: supportedSince('>=1.0.0') });
    await checkOne(app, { bytes: true });
    const { digest } = kept.find(({ reference }) => reference.endsWith(':2.0.0')) ?? {};
    const answer = await fetch(`http://${world.host}/v2/app/manifests/${digest}`, { method: 'DELETE' });
    expect(answer.ok).toBe(true);
    const checked = await checkOne(app);
    expect(seenIn(checked)).toEqual(['app:1.0.0 multi-arch', 'app:2.0.0 gone']);
    expect(kinds(checked.regressions)).toEqual(['gone']);
    expect(checked.after.state).toBe('regressed');
  });

  test('begins with what nobody has looked at for longest, because requests may run out', async () => {
    await world.push('app:1.0.0', await bothPlatforms());
    await world.push('other:1.0.0', await bothPlatforms());
    await checkOne(product('app'));
    world.takeRequests();
    const observations = (name: string) => (name === 'app' ? kept : []);
    await check([product('app'), product('other')], { observations });
    expect(world.takeRequests()[0]).toBe('GET other/tags/list?n=1000');
    // What is left over is unknown, and no regression.
    const { summary } = await check([product('app')], { access: { maxRequests: 0 } });
    expect(summary).toMatchObject({ regressions: 0, findings: { warning: 1 } });
  });

  test('that lists no tags is asked for those that are known', async () => {
    const app = await start({
      manifests: { 'app:1.0.0': await bothPlatforms(), 'app:v1.4.0': await bothPlatforms() },
    });
    await checkOne(app);
    trouble = (answer, exchange) =>
      exchange.request.url?.includes('/tags/') ? faults.status(405, 'UNSUPPORTED')(answer, exchange) : answer;
    const checked = await checkOne(app);
    expect(seenIn(checked)).toEqual(['app:v1.4.0 multi-arch', 'app:1.0.0 multi-arch']);
    expect(kinds(checked.findings)).toEqual(['tags-unknown']);
  });

  test('leaves the products of other registries alone', async () => {
    const app = await start({ manifests: { 'app:1.0.0': await bothPlatforms() } });
    trouble = faults.status(401, 'UNAUTHORIZED');
    await world.push('other:1.0.0', await bothPlatforms());
    const { summary } = await check([app, product('other')]);
    expect(summary.results).toMatchObject({ 'multi-arch': 1, unknown: 1 });
  });

  test('a copy that lost the platform on its way is told, beside an original that has it', async () => {
    await world.push('app:1.0.0', await bothPlatforms());
    registry = await startFaultyRegistry({
      manifests: { 'copy:1.0.0': buildIndex([await singleArch('amd64')]) },
    });
    const images = [
      { reference: `${world.host}/app`, role: 'server' as const, mirrors: [`${registry.host}/copy`] },
    ];
    const checked = await checkOne(product('app', { images }));
    expect(checked.observations.map(({ result }) => result)).toEqual(['multi-arch', 'none']);
    expect(checked.findings).toMatchObject([{ kind: 'copies-disagree', severity: 'warning' }]);
  });
});
