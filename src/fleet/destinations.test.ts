import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../core/index.ts';
import { formatReference, parseReference } from '../oci/index.ts';
import { destinationsFor, parsePrefix } from './destinations.ts';

const digest = (start: string) => `sha256:${start.padEnd(64, '0')}`;

function names(references: readonly string[], prefix = 'registry.example/arm64'): readonly string[] {
  const images = references.map((reference) => ({ reference, digest: parseReference(reference).digest }));
  return destinationsFor(images, prefix).map((one) => ('name' in one ? one.name : `none: ${one.why}`));
}

describe('the name below the prefix', () => {
  test.each([
    ['docker.io/library/nginx:1.27', 'registry.example/arm64/nginx:1.27'],
    ['docker.io/acme/app:1', 'registry.example/arm64/acme/app:1'],
    ['quay.io/library/app:1', 'registry.example/arm64/library/app:1'],
    ['localhost:5000/team/app:v1.2-rc_1', 'registry.example/arm64/team/app:v1.2-rc_1'],
    [`quay.io/acme/app@${digest('ab12')}`, 'registry.example/arm64/acme/app:sha256-ab1200000000'],
    [`quay.io/acme/app:2@${digest('ab12')}`, 'registry.example/arm64/acme/app:2'],
  ])('of %s', (reference, name) => {
    expect(names([reference])).toEqual([name]);
  });

  test('begins with the registry where two have the same repository, for both of them and all their tags', () => {
    expect(
      names([
        'docker.io/acme/app:1',
        'docker.io/acme/app:2',
        'localhost:5000/acme/app:9',
        'quay.io/acme/web:1',
      ]),
    ).toEqual([
      'registry.example/arm64/docker.io/acme/app:1',
      'registry.example/arm64/docker.io/acme/app:2',
      'registry.example/arm64/localhost-5000/acme/app:9',
      'registry.example/arm64/acme/web:1',
    ]);
  });

  test("tells Docker Hub's own image from another registry's of the same name", () => {
    expect(names(['docker.io/library/nginx:1', 'quay.io/nginx:1'])).toEqual([
      'registry.example/arm64/docker.io/nginx:1',
      'registry.example/arm64/quay.io/nginx:1',
    ]);
  });

  test('has the digest in its tag where two digests have one tag', () => {
    expect(
      names([
        'quay.io/acme/app:1',
        `quay.io/acme/app:1@${digest('aa')}`,
        `quay.io/acme/app:1@${digest('bb')}`,
      ]),
    ).toEqual([
      'registry.example/arm64/acme/app:1',
      'registry.example/arm64/acme/app:1-sha256-aa0000000000',
      'registry.example/arm64/acme/app:1-sha256-bb0000000000',
    ]);
  });

  test('is the same for a tag and the digest that it has', () => {
    const images = [
      { reference: 'quay.io/acme/app:1', digest: digest('aa') },
      { reference: `quay.io/acme/app:1@${digest('aa')}`, digest: digest('aa') },
    ];
    const name = { name: 'registry.example/arm64/acme/app:1' };
    expect(destinationsFor(images, 'registry.example/arm64')).toEqual([name, name]);
  });

  test('is none where two answers for one tag would have it', () => {
    const images = ['aa', 'bb'].map((start) => ({ reference: 'quay.io/acme/app:1', digest: digest(start) }));
    for (const one of destinationsFor(images, 'registry.example/arm64'))
      expect(one).toMatchObject({ why: expect.stringContaining('another image of the fleet') });
  });

  test('is none for what is in no registry, and for what would be too long', () => {
    expect(names([`quay.io/${'a'.repeat(250)}:1`])[0]).toContain('longer than 255');
    const [local] = destinationsFor([{ reference: 'oci:./out:1' }], 'registry.example/arm64');
    expect(local).toMatchObject({ why: expect.stringContaining('not in a registry') });
  });

  test('is never that of another content, and needs no order', () => {
    const reference = fc
      .tuple(
        fc.constantFrom('docker.io', 'quay.io', 'a.b', 'localhost:5000', 'localhost-5000.x'),
        fc.constantFrom('app', 'library/app', 'quay.io/app', 'a.b/app', 'localhost-5000/app'),
        fc.constantFrom(
          ':1',
          ':2',
          `@${digest('aa')}`,
          `:1@${digest('aa')}`,
          `:1@${digest('bb')}`,
          ':1-sha256-aa0000000000',
        ),
      )
      .map((parts) => formatReference(parseReference(`${parts[0]}/${parts[1]}${parts[2]}`)));
    fc.assert(
      fc.property(fc.uniqueArray(reference, { maxLength: 12 }), (references) => {
        const found = names(references);
        const given = found.filter((name) => !name.startsWith('none'));
        expect(new Set(given).size).toBe(given.length);
        for (const name of given) expect(formatReference(parseReference(name))).toBe(name);
        expect(names(references.toReversed())).toEqual(found.toReversed());
      }),
    );
  });
});

describe('what destinations begin with', () => {
  test.each(['registry.example', 'registry.example/arm64', 'localhost:5000/a/b', 'docker.io/acme'])(
    'may be %s',
    (prefix) => {
      expect(parsePrefix(`${prefix}/`)).toBe(prefix);
    },
  );

  test.each([
    'acme',
    'acme/arm64',
    'oci:./out',
    'registry.example/a:1',
    `registry.example/a@${digest('a')}`,
    '',
    'https://registry.example/a',
    'registry.example/Upper',
  ])('may not be "%s"', (prefix) => {
    expect(() => parsePrefix(prefix)).toThrow(UsageError);
  });
});
