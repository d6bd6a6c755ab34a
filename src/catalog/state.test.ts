import { describe, expect, test } from 'vitest';
import type { Observation } from '../results/index.ts';
import { claimed, endOf, issue, productOf, seen } from './catalog.test-support.ts';
import type { Product } from './product.ts';
import type { ProductDocument } from './product-schema.ts';
import { stateOf } from './state.ts';

const now = endOf('2026-01-31');

function judged(product: Product, observations: readonly Observation[] = [], asked?: string) {
  return stateOf(product, asked, { observations, now });
}

const source = { kind: 'source', text: 'compile it' } as const;
const tested = { ...source, tested: [{ date: '2025-01-01' }] };
const other = {
  kind: 'third-party-image',
  text: "somebody's image",
  image: { reference: 'registry.example/other/app', trust: 'personal' },
  until: '2026-06-01',
} as const;

describe('what people say and do', () => {
  test.each<[string, Partial<ProductDocument>, string]>([
    ['nothing', {}, 'unknown'],
    ['a claim that it is there', { claims: [claimed] }, 'unknown'],
    ['a claim that it is not', { claims: [{ ...claimed, says: 'unsupported' }] }, 'unsupported'],
    [
      'a claim that they doubt themselves',
      { claims: [{ ...claimed, says: 'unsupported', doubt: 'old' }] },
      'unknown',
    ],
    [
      'a claim from tomorrow',
      { claims: [{ ...claimed, says: 'unsupported', date: '2026-02-01' }] },
      'unknown',
    ],
    ['an issue', { links: [issue] }, 'tracked'],
    ['an issue, and a claim that it is there', { links: [issue], claims: [claimed] }, 'tracked'],
    ['an issue about a fault', { links: [{ ...issue, about: 'fault' }] }, 'unknown'],
    ['a release', { links: [{ ...issue, kind: 'release' }] }, 'unknown'],
    [
      'a pull request of next month',
      { links: [{ ...issue, kind: 'pull-request', since: '2026-02-10' }] },
      'unknown',
    ],
    ['a workaround that nobody tried', { workarounds: [source] }, 'tracked'],
    ['that there is none', { workarounds: [{ ...source, kind: 'none' }] }, 'unknown'],
    ['one that somebody tried', { workarounds: [tested] }, 'workable'],
    [
      'one that somebody will have tried',
      { workarounds: [{ ...source, tested: [{ date: '2027-01-01' }] }] },
      'tracked',
    ],
    ['one that was good until yesterday', { workarounds: [{ ...tested, until: '2026-01-30' }] }, 'tracked'],
    ['one that is good until today', { workarounds: [{ ...tested, until: '2026-01-31' }] }, 'workable'],
    ['one for older versions only', { workarounds: [{ ...tested, versions: '<2.0.0' }] }, 'unknown'],
    [
      'a channel',
      { workarounds: [tested, { kind: 'channel', text: 'take alpha', channel: 'alpha' }] },
      'prerelease',
    ],
    [
      'a channel that is closed',
      { workarounds: [{ kind: 'channel', text: 'a', channel: 'a', until: '2025-12-31' }] },
      'tracked',
    ],
    ['development builds', { claims: [{ ...claimed, says: 'prerelease' }], links: [issue] }, 'prerelease'],
    ['programs', { claims: [{ ...claimed, says: 'binary-only' }], workarounds: [tested] }, 'binary-only'],
    ['a successor', { successor: { product: 'next' }, workarounds: [tested] }, 'superseded'],
    ['a successor to be', { successor: { title: 'Next', since: '2027-01-01' } }, 'unknown'],
    ['that nobody works on it', { archived: {} }, 'archived'],
    ['both ends', { archived: {}, successor: { product: 'next' } }, 'superseded'],
  ])('%s', (_name, members, state) => {
    expect(judged(productOf(members)).state).toBe(state);
  });

  test('claims never make it supported, and are told beside the state', () => {
    const state = judged(productOf({ claims: [claimed], links: [issue] }));
    expect(state.claim).toEqual(claimed);
    expect(state.because.at(-1)).toBe('claimed on 2024-01-01, not seen by armload: supported since 2.0.0');
  });

  test('of one version are what is said of it', () => {
    const product = productOf({
      claims: [claimed, { ...claimed, says: 'unsupported', versions: '<2.0.0', text: 'none before 2' }],
      workarounds: [{ ...tested, versions: '>=1.0.0 <2.0.0' }],
    });
    expect(judged(product, [], '1.5.0').state).toBe('workable');
    expect(judged(product, [], '0.9.0').state).toBe('unsupported');
    expect(judged(product, [], '2.1.0').state).toBe('unknown');
    expect(judged(product, [], '<2').claim?.says).toBe('unsupported');
    expect(judged(product, [], '>=1.0.0').claim).toBeUndefined();
    expect(() => judged(product, [], 'newest')).toThrow('is no version');
  });
});

describe('what armload saw', () => {
  const plain = productOf({ links: [issue] });
  const claiming = productOf({ links: [issue], claims: [claimed] });
  const none = (tag: string, day: string) => seen(tag, 'none', day, { method: 'manifest' });
  const listed = (tag: string, day: string) => seen(tag, 'multi-arch', day, { method: 'manifest' });

  test.each<[string, Product, readonly Observation[], string]>([
    ['an audit that is right', plain, [seen('2.0.0', 'multi-arch', '2026-01-01')], 'supported'],
    ['only documents', plain, [listed('2.0.0', '2026-01-01')], 'tracked'],
    ['only a run', plain, [seen('2.0.0', 'multi-arch', '2026-01-01', { method: 'run' })], 'tracked'],
    [
      'a build of its own',
      plain,
      [seen('2.0.0', 'multi-arch', '2026-01-01', { method: 'build' })],
      'tracked',
    ],
    ['an audit of the future', plain, [seen('2.0.0', 'multi-arch', '2026-02-02')], 'tracked'],
    [
      'an audit for another platform',
      plain,
      [seen('2.0.0', 'multi-arch', '2026-01-01', { platform: 'linux/s390x' })],
      'tracked',
    ],
    [
      'an audit of another image',
      plain,
      [seen('registry.example/else:2', 'multi-arch', '2026-01-01')],
      'tracked',
    ],
    ['an audit of a candidate', plain, [seen('2.0.0-rc1', 'multi-arch', '2026-01-01')], 'prerelease'],
    ['an image for the platform alone', plain, [seen('2.0.0', 'single-arch', '2026-01-01')], 'workable'],
    [
      'the same by documents',
      plain,
      [seen('2.0.0', 'single-arch', '2026-01-01', { method: 'manifest' })],
      'tracked',
    ],
    ['nothing there, ever', plain, [none('2.0.0', '2026-01-01')], 'tracked'],
    ['nothing there, and nobody works on it', productOf(), [none('2.0.0', '2026-01-01')], 'unsupported'],
    ['nothing there, where it is said to be', claiming, [none('2.0.0', '2026-01-01')], 'regressed'],
    [
      'nothing there in a version of which nobody said so',
      claiming,
      [none('1.0.0', '2026-01-01')],
      'tracked',
    ],
    ['nothing there before somebody said so', claiming, [none('2.0.0', '2023-12-31')], 'tracked'],
    [
      'bytes that are wrong, where it is said to be',
      claiming,
      [seen('2.0.0', 'mislabelled', '2026-01-01')],
      'regressed',
    ],
    [
      'a loss in the same tag',
      plain,
      [listed('latest', '2026-01-01'), none('latest', '2026-01-02')],
      'regressed',
    ],
    [
      'a loss in the next version',
      plain,
      [seen('2.0.0', 'multi-arch', '2026-01-01'), none('2.1.0', '2026-01-02')],
      'regressed',
    ],
    [
      'a tag that is gone',
      plain,
      [listed('2.0.0', '2026-01-01'), seen('2.0.0', 'gone', '2026-01-02', { method: 'manifest' })],
      'regressed',
    ],
    [
      'an older version that never had it',
      plain,
      [seen('2.0.0', 'multi-arch', '2026-01-01'), none('1.0.0', '2026-01-02')],
      'supported',
    ],
    [
      'documents that were right and bytes that are not',
      plain,
      [listed('2.0.0', '2026-01-01'), seen('2.0.0', 'partial', '2026-01-02')],
      'regressed',
    ],
    [
      'documents that contradict an audit',
      claiming,
      [seen('2.0.0', 'mislabelled', '2026-01-01'), listed('2.0.0', '2026-01-09')],
      'regressed',
    ],
    [
      'documents of the next version after bad bytes',
      claiming,
      [seen('2.0.0', 'mislabelled', '2026-01-01'), listed('2.0.1', '2026-01-09')],
      'regressed',
    ],
    [
      'a repair that was read',
      claiming,
      [seen('2.0.0', 'mislabelled', '2026-01-01'), seen('2.0.1', 'multi-arch', '2026-01-09')],
      'supported',
    ],
    [
      'a repair of the same tag',
      claiming,
      [seen('2.0.0', 'mislabelled', '2026-01-01'), seen('2.0.0', 'multi-arch', '2026-01-09')],
      'supported',
    ],
    [
      'a gap that is listed again',
      claiming,
      [seen('2.0.0', 'multi-arch', '2026-01-01'), none('2.1.0', '2026-01-02'), listed('2.2.0', '2026-01-03')],
      'tracked',
    ],
    [
      'a later version only listed',
      claiming,
      [seen('2.0.0', 'multi-arch', '2026-01-01'), listed('2.1.0', '2026-01-02')],
      'supported',
    ],
    [
      'a run that fails after an audit',
      claiming,
      [seen('2.0.0', 'multi-arch', '2026-01-01'), seen('2.0.0', 'partial', '2026-01-02', { method: 'run' })],
      'regressed',
    ],
    [
      'a run that failed before an audit',
      claiming,
      [seen('2.0.0', 'partial', '2026-01-01', { method: 'run' }), seen('2.0.0', 'multi-arch', '2026-01-02')],
      'supported',
    ],
  ])('%s', (_name, product, observations, state) => {
    expect(judged(product, observations).state).toBe(state);
    expect(judged(product, [...observations].reverse()).state).toBe(state);
  });

  test('is told with what it rests on, since when, and how old it is', () => {
    const supported = judged(claiming, [seen('2.0.0', 'multi-arch', '2026-01-01', { digest: 'sha256:a' })]);
    expect(supported).toMatchObject({
      since: '2026-01-01T12:00:00.000Z',
      observed: '2026-01-01T12:00:00.000Z',
      age: 30,
    });
    expect(supported.because).toEqual([
      'an audit of registry.example/app:2.0.0 on 2026-01-01 found its bytes right',
    ]);
    const regressed = judged(claiming, [
      seen('2.0.0', 'multi-arch', '2026-01-01'),
      seen('2.0.0', 'none', '2026-01-03', { method: 'manifest' }),
      seen('2.0.0', 'none', '2026-01-05', { method: 'manifest' }),
    ]);
    expect(regressed).toMatchObject({ state: 'regressed', since: '2026-01-03T12:00:00.000Z' });
    expect(regressed.because[0]).toContain('where registry.example/app:2.0.0 was multi-arch on 2026-01-01');
  });

  test('tells of a tag that moved since its audit', () => {
    const state = judged(plain, [
      seen('latest', 'multi-arch', '2026-01-01', { digest: 'sha256:a' }),
      seen('latest', 'multi-arch', '2026-01-02', { digest: 'sha256:b', method: 'manifest' }),
    ]);
    expect(state.state).toBe('supported');
    expect(state.because.at(-1)).toBe(
      'registry.example/app:latest points to sha256:b since, which no audit has read',
    );
  });

  test('in a variant speaks of that variant only', () => {
    const observations = [
      seen('2.0.0', 'multi-arch', '2026-01-01'),
      seen('2.0.0-debug', 'none', '2026-01-02'),
      seen('2.1.0-debug', 'none', '2026-01-03'),
    ];
    expect(judged(plain, observations).state).toBe('supported');
    expect(judged(plain, observations, '2.0.0').state).toBe('supported');
    expect(judged(plain, observations, '2.0.0-debug').state).toBe('tracked');
  });

  test('counts for the versions that were asked about only', () => {
    const observations = [
      seen('2.0.0', 'multi-arch', '2026-01-01'),
      seen('2.1.0', 'mislabelled', '2026-01-02'),
    ];
    expect(judged(claiming, observations, '2.0.0').state).toBe('supported');
    expect(judged(claiming, observations, '2.1.0').state).toBe('regressed');
    expect(judged(claiming, observations, '<2.1').state).toBe('supported');
    expect(judged(claiming, observations, '2.2.0').state).toBe('tracked');
    expect(judged(claiming, observations, '2.2.0').observed).toBeUndefined();
  });
});

describe('a product of several images', () => {
  const two = productOf({
    images: [
      { reference: 'registry.example/app', role: 'server' },
      { reference: 'registry.example/agent', role: 'agent' },
      { reference: 'registry.example/tool', role: 'helper', optional: true },
      { reference: 'registry.example/cache', role: 'dependency' },
    ],
  });
  const app = seen('2.0.0', 'multi-arch', '2026-01-01');
  const of = (name: string, result: Observation['result']) =>
    seen(`registry.example/${name}:2.0.0`, result, '2026-01-02');

  test('is supported when each that it needs is', () => {
    expect(judged(two, [app]).state).toBe('unknown');
    expect(judged(two, [app, of('agent', 'multi-arch')]).state).toBe('supported');
    expect(judged(two, [app, of('agent', 'none')]).state).toBe('unsupported');
  });

  test('may do without what is optional, and tells of it', () => {
    const state = judged(two, [app, of('agent', 'multi-arch'), of('tool', 'none'), of('cache', 'none')]);
    expect(state.state).toBe('supported');
    expect(state.findings.map(({ kind }) => kind)).toEqual(['optional-image', 'optional-image']);
  });
});

describe('names that an image had', () => {
  const moved = productOf({
    images: [
      {
        reference: 'registry.example/app',
        role: 'server',
        formerly: ['old.example/app'],
        archNames: ['old.example/app-arm64'],
        mirrors: ['copy.example/app'],
        tag: 'v{version}',
      },
    ],
  });

  test('count for versions that stand under them, and not where their registry is shut', () => {
    expect(judged(moved, [seen('old.example/app:v1.0.0', 'multi-arch', '2026-01-01')], '1.0.0').state).toBe(
      'supported',
    );
    const shut = [
      seen('old.example/app:v1.0.0', 'multi-arch', '2026-01-01'),
      seen('old.example/app:v1.0.0', 'gone', '2026-01-05', { method: 'manifest' }),
      seen('registry.example/app:v2.0.0', 'multi-arch', '2026-01-06'),
    ];
    expect(judged(moved, shut).state).toBe('supported');
    expect(judged(moved, shut.slice(0, 2), '1.0.0').state).not.toBe('regressed');
  });

  test('with the architecture in them make it workable', () => {
    expect(judged(moved, [seen('old.example/app-arm64:v1.0.0', 'single-arch', '2026-01-01')]).state).toBe(
      'workable',
    );
  });

  test('copies that have another answer are found, and change no state', () => {
    const own = seen('registry.example/app:v2.0.0', 'multi-arch', '2026-01-01', { digest: 'sha256:a' });
    const copy = (result: Observation['result'], digest: string) =>
      seen('copy.example/app:v2.0.0', result, '2026-01-02', { digest });
    expect(judged(moved, [own, copy('none', 'sha256:b')])).toMatchObject({
      state: 'supported',
      findings: [
        { kind: 'copies-disagree', text: expect.stringContaining('copy.example/app:v2.0.0 is none') },
      ],
    });
    expect(judged(moved, [own, copy('multi-arch', 'sha256:b')]).findings).toMatchObject([
      { kind: 'copies-differ' },
    ]);
    expect(judged(moved, [own, copy('multi-arch', 'sha256:a')]).findings).toEqual([]);
    expect(judged(moved, [copy('multi-arch', 'sha256:a')]).state).toBe('unknown');
    expect(
      judged(moved, [copy('multi-arch', 'sha256:a'), { ...own, result: 'none', at: '2026-01-03T00:00:00Z' }])
        .state,
    ).toBe('unsupported');
  });
});

describe('a workaround', () => {
  test('by an image is as good as an audit of it says', () => {
    const product = productOf({ workarounds: [other] });
    const status = (...observations: Observation[]) => judged(product, observations).workarounds[0]?.status;
    expect(status()).toBe('untested');
    expect(
      status(seen('registry.example/other/app:1', 'multi-arch', '2026-01-01', { method: 'manifest' })),
    ).toBe('untested');
    expect(status(seen('registry.example/other/app:1', 'single-arch', '2026-01-01'))).toBe('tested');
    expect(status(seen('registry.example/other/app:1', 'mislabelled', '2026-01-01'))).toBe('broken');
    const broken = judged(productOf({ workarounds: [{ ...other, tested: [{ date: '2025-01-01' }] }] }), [
      seen('registry.example/other/app:1', 'gone', '2026-01-01', { method: 'manifest' }),
    ]);
    expect(broken).toMatchObject({ state: 'tracked', findings: [{ kind: 'workaround-broken' }] });
  });

  test('by a recipe is tested where armload built it', () => {
    const recipe = { kind: 'recipe', text: 'build it', recipe: 'app', versions: '<2.0.0' } as const;
    const built = (reference: string, result: Observation['result'], by?: string) =>
      seen(reference, result, '2026-01-01', {
        method: 'build',
        ...(by === undefined ? {} : { recipe: by }),
      });
    const product = productOf({ workarounds: [recipe] });
    expect(judged(product, [built('own.example/app:1.5.0', 'multi-arch')], '1.4.0').state).toBe('workable');
    expect(judged(product, [built('own.example/app:1.5.0', 'partial')], '1.4.0').workarounds[0]?.status).toBe(
      'broken',
    );
    expect(judged(product, [built('own.example/app:2.5.0', 'multi-arch')], '1.4.0').state).toBe('tracked');
    const two = productOf({ workarounds: [recipe, { ...recipe, recipe: 'app-fast' }] });
    const statuses = (by?: string) =>
      judged(two, [built('own.example/app:1.5.0', 'multi-arch', by)], '1.4.0').workarounds.map(
        ({ status }) => status,
      );
    expect(statuses()).toEqual(['untested', 'untested']);
    expect(statuses('app-fast')).toEqual(['untested', 'tested']);
  });

  test('is retired by two good audits in a row, of different tags, and stays for versions before them', () => {
    const product = productOf({ workarounds: [tested] });
    const status = (observations: readonly Observation[], asked?: string) =>
      judged(product, observations, asked).workarounds[0]?.status;
    const first = seen('2.0.0', 'multi-arch', '2026-01-01');
    const second = seen('2.1.0', 'multi-arch', '2026-01-03');
    expect(status([first])).toBe('tested');
    expect(status([first, seen('2.0.0', 'multi-arch', '2026-01-02')])).toBe('tested');
    expect(status([first, { ...second, method: 'manifest' }])).toBe('tested');
    expect(status([first, seen('2.0.5', 'none', '2026-01-02'), second])).toBe('tested');
    expect(status([first, seen('2.0.5', 'unknown', '2026-01-02'), second])).toBe('retired');
    expect(status([first, seen('2.0.0-alpine', 'multi-arch', '2026-01-02')])).toBe('tested');
    const same = { digest: 'sha256:a' };
    expect(
      status([
        seen('2.0.0', 'multi-arch', '2026-01-01', same),
        seen('latest', 'multi-arch', '2026-01-01', same),
      ]),
    ).toBe('tested');
    expect(status([first, second], '2.0.0')).toBe('retired');
    expect(status([first, second], '1.9.0')).toBe('tested');
    expect(status([first, second], '<2')).toBe('tested');
  });
});
