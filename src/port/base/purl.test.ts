import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseImagePurl } from './purl.ts';

const hex = 'a'.repeat(64);

test.each([
  ['pkg:docker/debian@12', { name: 'debian', tag: '12' }],
  ['pkg:docker/debian', { name: 'debian' }],
  [
    'pkg:docker/ghcr.io/team/app@1.2?platform=linux%2Farm64%2Fv8',
    { name: 'ghcr.io/team/app', tag: '1.2', platform: { os: 'linux', architecture: 'arm64' } },
  ],
  [
    `pkg:docker/localhost%3A5000/app@1?digest=sha256%3A${hex}&platform=linux%2Famd64#x`,
    {
      name: 'localhost:5000/app',
      tag: '1',
      digest: `sha256:${hex}`,
      platform: { os: 'linux', architecture: 'amd64' },
    },
  ],
  [
    `pkg:docker/team/app@sha256%3A${hex}?repository_url=gcr.io`,
    { name: 'gcr.io/team/app', digest: `sha256:${hex}` },
  ],
  ['pkg:docker/', undefined],
  ['pkg:docker/%E0%A4%A', undefined],
  ['pkg:npm/left-pad@1', undefined],
  [`pkg:docker/${'x'.repeat(5_000)}`, undefined],
])('%s', (text, expected) => {
  expect(parseImagePurl(text)).toEqual(expected);
});

test('no text is too much', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      parseImagePurl(`pkg:docker/${text}`);
    }),
  );
});
