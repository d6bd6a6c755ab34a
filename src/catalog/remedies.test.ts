import { describe, expect, test } from 'vitest';
import type { Observation } from '../results/index.ts';
import { claimed, endOf, productOf, seen } from './catalog.test-support.ts';
import type { ProductDocument } from './product-schema.ts';
import { remediesOf } from './remedies.ts';

const image = { reference: 'registry.example/app', role: 'server' } as const;

function remedies(
  reference: string,
  members: Partial<ProductDocument> = {},
  {
    observations = [] as readonly Observation[],
    platform = 'linux/arm64',
    place = 'own' as 'own' | 'former' | 'arch-name' | 'mirror',
  } = {},
) {
  const product = productOf(members);
  const [first = image] = product.images ?? [];
  return remediesOf(
    reference,
    { product, image: first, place },
    { platform, observations: () => observations, now: endOf('2026-01-31') },
  );
}

const recipe = { kind: 'recipe', text: 'build it', recipe: 'app', versions: '<2.0.0' } as const;
const other = {
  kind: 'third-party-image',
  text: "somebody's image",
  image: { reference: 'registry.example/other/app', trust: 'personal' },
  until: '2026-06-01',
} as const;

describe('a newer tag', () => {
  test('that is said to have the platform is told, and not called checked', () => {
    expect(remedies('registry.example/app:1.2.3', { claims: [claimed] })).toEqual([
      {
        kind: 'use-tag',
        reference: 'registry.example/app:2.0.0',
        verified: false,
        why: 'App is said to have it since 2.0.0 (2024-01-01)',
      },
    ]);
  });

  test('that an audit found right is checked, and goes before what is said', () => {
    const observations = [
      seen('2.1.0', 'multi-arch', '2026-01-01'),
      seen('2.2.0', 'multi-arch', '2026-01-01'),
    ];
    expect(remedies('registry.example/app:1.2.3', { claims: [claimed] }, { observations })[0]).toEqual({
      kind: 'use-tag',
      reference: 'registry.example/app:2.1.0',
      verified: true,
      why: 'an audit on 2026-01-01 found its bytes right',
    });
  });

  test.each<[string, string, readonly Observation[]]>([
    [
      'by documents alone',
      'registry.example/app:1.2.3',
      [seen('2.1.0', 'multi-arch', '2026-01-01', { method: 'manifest' })],
    ],
    ['that is a candidate', 'registry.example/app:1.2.3', [seen('2.1.0-rc1', 'multi-arch', '2026-01-01')]],
    ['that is older', 'registry.example/app:3.0.0', [seen('2.1.0', 'multi-arch', '2026-01-01')]],
    ['of another variant', 'registry.example/app:1.2.3-alpine', [seen('2.1.0', 'multi-arch', '2026-01-01')]],
    [
      'that went bad',
      'registry.example/app:1.2.3',
      [
        seen('2.1.0', 'multi-arch', '2026-01-01'),
        seen('2.1.0', 'gone', '2026-01-02', { method: 'manifest' }),
      ],
    ],
    ['for a tag of no version', 'registry.example/app:latest', [seen('2.1.0', 'multi-arch', '2026-01-01')]],
  ])('%s is none', (_name, reference, observations) => {
    expect(remedies(reference, {}, { observations })).toEqual([]);
  });

  test('is not told where armload saw that what is said is wrong', () => {
    expect(
      remedies(
        'registry.example/app:1.2.3',
        { claims: [claimed] },
        { observations: [seen('2.0.0', 'none', '2026-01-01')] },
      ),
    ).toEqual([]);
    expect(remedies('registry.example/app:2.0.0', { claims: [claimed] })).toEqual([]);
    expect(remedies('registry.example/app:2.5.0', { claims: [claimed] })).toEqual([]);
  });

  test('has the prefix that the image gives its tags, and says where its name is not confirmed', () => {
    const images = [{ ...image, tag: 'v{version}', confirmed: false }];
    expect(remedies('registry.example/app:v1.2.3', { claims: [claimed], images })[0]).toMatchObject({
      reference: 'registry.example/app:v2.0.0',
      why: expect.stringContaining('nobody has confirmed the name'),
    });
  });
});

test('a former name leads to the one of today, checked where that was read', () => {
  const observations = [seen('1.2.3', 'multi-arch', '2026-01-01')];
  const of = (reference: string, options = {}) => remedies(reference, {}, { place: 'former', ...options });
  expect(of('old.example/app:1.2.3')).toMatchObject([
    { kind: 'use-image', reference: 'registry.example/app:1.2.3', verified: false },
  ]);
  expect(of('old.example/app:1.2.3', { observations })).toMatchObject([
    { kind: 'use-tag', reference: 'registry.example/app:1.2.3', verified: true },
    { kind: 'use-image', reference: 'registry.example/app:1.2.3', verified: true },
  ]);
  expect(of('old.example/app:1.2.3', { observations: [seen('1.2.3', 'none', '2026-01-01')] })).toEqual([]);
});

describe('a workaround', () => {
  test('is told for its versions, a recipe as the command that builds it', () => {
    expect(remedies('registry.example/app:1.2.3', { workarounds: [recipe] })).toEqual([
      { kind: 'build', command: 'armload build app@1.2.3', verified: false, why: 'build it' },
    ]);
    expect(remedies('registry.example/app:2.0.0', { workarounds: [recipe] })).toEqual([]);
  });

  test("by somebody else's image has the tag that was asked for, and who stands behind it; an audit of that very one checks it", () => {
    const observed = (tag: string) => [seen(`registry.example/other/app:${tag}`, 'multi-arch', '2026-01-01')];
    const of = (observations: readonly Observation[]) =>
      remedies('registry.example/app:1.2.3', { workarounds: [other] }, { observations });
    expect(of([])).toEqual([
      {
        kind: 'use-image',
        reference: 'registry.example/other/app:1.2.3',
        trust: 'personal',
        verified: false,
        why: "somebody's image (offered until 2026-06-01)",
      },
    ]);
    expect(of(observed('1.2.3'))[0]?.verified).toBe(true);
    expect(of(observed('1.2.4'))[0]?.verified).toBe(false);
  });

  test('that ended or broke is not offered', () => {
    expect(
      remedies('registry.example/app:1.2.3', { workarounds: [{ ...other, until: '2026-01-01' }] }),
    ).toEqual([]);
    const gone = [seen('registry.example/other/app:1.2.3', 'none', '2026-01-01', { method: 'manifest' })];
    expect(remedies('registry.example/app:1.2.3', { workarounds: [other] }, { observations: gone })).toEqual(
      [],
    );
  });

  test('of another kind is told in words', () => {
    const workarounds = [
      { kind: 'channel', text: 'take alpha', channel: 'alpha' },
      { kind: 'pin-to-amd64', text: 'keep it there' },
      { kind: 'none', text: 'nothing helps' },
    ] as const;
    expect(
      remedies('registry.example/app:1.2.3', { workarounds: [...workarounds] }).map(({ kind, why }) => [
        kind,
        why,
      ]),
    ).toEqual([
      ['other', 'take alpha'],
      ['other', 'keep it there'],
    ]);
  });
});

test('of other platforms the catalog says nothing', () => {
  expect(
    remedies(
      'registry.example/app:1.2.3',
      { claims: [claimed], workarounds: [recipe] },
      { platform: 'linux/s390x' },
    ),
  ).toEqual([]);
});

test('a digest has no version, and no text makes it throw', () => {
  const digest = `registry.example/app@sha256:${'a'.repeat(64)}`;
  expect(
    remedies(digest, { workarounds: [{ ...other, image: { ...other.image, tag: '1' } }] }),
  ).toMatchObject([{ reference: 'registry.example/other/app:1' }]);
  expect(remedies(`registry.example/app:1.2.3@sha256:${'a'.repeat(64)}`, { claims: [claimed] })).toHaveLength(
    1,
  );
  expect(remedies('', { claims: [claimed] })).toEqual([]);
});
