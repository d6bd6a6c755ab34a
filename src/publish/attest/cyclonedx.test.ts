import { Spec, Validation } from '@cyclonedx/cyclonedx-library';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { imageNamed } from './attest.test-support.ts';
import { cycloneDxSbom, type SbomComponent } from './cyclonedx.ts';

const image = imageNamed('an image');
const zlib: SbomComponent = {
  type: 'library',
  name: 'zlib1g',
  version: '1:1.3.1-1',
  purl: 'pkg:deb/debian/zlib1g@1%3A1.3.1-1?arch=arm64',
  hashes: { 'SHA-256': 'AB'.repeat(32), MD5: 'cd'.repeat(16) },
  licenses: ['Zlib'],
  properties: [{ name: 'armload:replaced', value: '/usr/lib/x86_64-linux-gnu/libz.so.1' }],
};

interface Document {
  readonly serialNumber: string;
  readonly metadata: Record<string, unknown>;
  readonly components: readonly (Record<string, unknown> & { readonly 'bom-ref': string })[];
}

async function textOf(
  components: readonly SbomComponent[],
  more: { timestamp?: Date } = {},
): Promise<string> {
  const { artifactType, bytes } = await cycloneDxSbom({ image, components, toolVersion: '1.2.3', ...more });
  expect(artifactType).toBe('application/vnd.cyclonedx+json');
  return new TextDecoder().decode(bytes);
}

async function documentOf(components: readonly SbomComponent[], more = {}): Promise<Document> {
  return JSON.parse(await textOf(components, more)) as Document;
}

const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot6);
const word = fc.string({ minLength: 1, maxLength: 12 });
const component: fc.Arbitrary<SbomComponent> = fc.record(
  {
    type: fc.constantFrom(
      'library',
      'file',
      'application',
      'operating-system',
      'data',
      'framework',
      'platform',
    ),
    name: fc.oneof(word, fc.constantFrom('a', 'b')),
    version: word,
    purl: fc.constantFrom('pkg:deb/debian/a@1', 'pkg:deb/debian/b@1'),
    licenses: fc.array(
      fc.oneof(fc.constantFrom('MIT', 'mit', 'constructor', '__proto__'), fc.record({ expression: word })),
      { maxLength: 3 },
    ),
    properties: fc.array(fc.record({ name: fc.constantFrom('armload:a', 'armload:b'), value: word }), {
      maxLength: 3,
    }),
  },
  { requiredKeys: ['type', 'name'] },
);

describe('a list of an image’s parts', () => {
  test('is valid CycloneDX 1.6, whatever the parts', { timeout: 30_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(component, { maxLength: 6 }), async (components) => {
        expect(await validator.validate(await textOf(components))).toBeNull();
      }),
      { numRuns: 20 },
    );
  });

  test('is judged by a validator that finds fault', async () => {
    const broken = (await textOf([zlib])).replace('"type":"library"', '"type":"book"');
    expect(await validator.validate(broken)).not.toBeNull();
  });

  test('has the same bytes, in whatever order the parts come, and however often', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(component, { maxLength: 8 }), async (components) => {
        const turned = components.map(({ properties = [], licenses = [], ...rest }) => ({
          ...rest,
          properties: [...properties].reverse(),
          licenses: [...licenses].reverse(),
        }));
        expect(await textOf([...turned.reverse(), ...components])).toBe(await textOf(components));
      }),
      { numRuns: 40 },
    );
  });

  test('says what a part is', async () => {
    const { components } = await documentOf([zlib]);
    expect(components).toEqual([
      {
        type: 'library',
        name: 'zlib1g',
        version: '1:1.3.1-1',
        'bom-ref': zlib.purl,
        purl: zlib.purl,
        hashes: [
          { alg: 'MD5', content: 'cd'.repeat(16) },
          { alg: 'SHA-256', content: 'ab'.repeat(32) },
        ],
        licenses: [{ license: { id: 'Zlib' } }],
        properties: zlib.properties,
      },
    ]);
  });

  test('speaks of the image by its digest, and names armload', async () => {
    const { metadata } = await documentOf([]);
    const { digest } = image.descriptor;
    const purl = `pkg:oci/app@${encodeURIComponent(digest)}?repository_url=registry.example/team/app`;
    expect(metadata['component']).toEqual({
      type: 'container',
      name: 'registry.example/team/app',
      version: digest,
      'bom-ref': purl,
      purl,
    });
    expect(metadata['tools']).toEqual({
      components: [{ type: 'application', name: 'armload', version: '1.2.3', 'bom-ref': 'armload@1.2.3' }],
    });
  });

  test('says a time only if it was told one', async () => {
    expect((await documentOf([])).metadata['timestamp']).toBeUndefined();
    const timestamp = new Date(Date.UTC(2026, 10, 26));
    expect((await documentOf([], { timestamp })).metadata['timestamp']).toBe('2026-11-26T00:00:00.000Z');
  });

  test('has a number that changes with what it says', async () => {
    const numbers = [
      await documentOf([]),
      await documentOf([zlib]),
      await documentOf([{ ...zlib, version: '2' }]),
    ];
    expect(new Set(numbers.map(({ serialNumber }) => serialNumber)).size).toBe(3);
    for (const { serialNumber } of numbers)
      expect(serialNumber).toMatch(
        /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
      );
  });

  test('tells parts of one name apart', async () => {
    const file = { type: 'file', name: '/usr/bin/app' } as const;
    const { components } = await documentOf([
      { ...file, hashes: { 'SHA-256': 'a'.repeat(64) } },
      { ...file, hashes: { 'SHA-256': 'b'.repeat(64) } },
    ]);
    expect(components.map((part) => part['bom-ref'])).toEqual(['file:/usr/bin/app@', 'file:/usr/bin/app@#2']);
  });

  test.each([
    { licenses: ['mit'], said: [{ license: { id: 'MIT' } }] },
    { licenses: ['House rules'], said: [{ license: { name: 'House rules' } }] },
    { licenses: ['constructor'], said: [{ license: { name: 'constructor' } }] },
    { licenses: [{ expression: 'MIT OR Zlib' }], said: [{ expression: 'MIT OR Zlib' }] },
    {
      licenses: [{ expression: 'MIT OR Zlib' }, 'Zlib'],
      said: [{ license: { name: 'MIT OR Zlib' } }, { license: { id: 'Zlib' } }],
    },
  ])('says the licences $licenses', async ({ licenses, said }) => {
    const { components } = await documentOf([{ ...zlib, licenses }]);
    expect(components[0]?.['licenses']).toEqual(said);
  });
});
