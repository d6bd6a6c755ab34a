import { expect, test } from 'vitest';
import { digestOf, mediaTypes } from '../oci/index.ts';
import type { Repository } from '../registry/index.ts';
import { DocumentReader, type Origin } from './documents.ts';

/** A repository in which every tag names an index of its own, of so many bytes. */
function endless(size: number): Origin & { readonly asked: string[] } {
  const asked: string[] = [];
  const repository = {
    name: 'endless',
    manifest: (target: string) => {
      asked.push(target);
      const document = JSON.stringify({ schemaVersion: 2, manifests: [], annotations: { target } });
      const bytes = Buffer.from(document.padEnd(size));
      return Promise.resolve({ mediaType: mediaTypes.ociIndex, digest: digestOf(bytes), bytes });
    },
  } as unknown as Repository;
  return { name: 'endless', repository, layers: repository, asked };
}

test('a manifest is asked for once, by whoever', async () => {
  const origin = endless(100);
  const reader = new DocumentReader();
  const both = await Promise.all([reader.read(origin, 'a'), reader.read(origin, 'a')]);
  expect(both[0]).toBe(both[1]);
  expect(origin.asked).toEqual(['a']);
});

test.each([
  ['a thousand manifests', 100, 1000],
  ['64 MiB of them', 4 * 1024 * 1024, 16],
])('%s are enough: the next one is refused', async (_name, size, most) => {
  const origin = endless(size);
  const reader = new DocumentReader();
  for (let number = 0; number < most; number++) await reader.read(origin, `tag-${number}`);
  await expect(reader.read(origin, 'one-more')).rejects.toMatchObject({ code: 'PUBLISH_TOO_LARGE' });
});
