import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Digest, digestOf, mediaTypes, type Platform } from '../oci/index.ts';
import type { Document, Origin } from './documents.ts';
import { platformDocument } from './entries.ts';
import { indexDocument } from './index-document.ts';
import { join } from './join.ts';
import type { Part, ReadSource } from './read-source.ts';

interface Spec {
  readonly architecture: string;
  /** Images with the same content have the same digest. */
  readonly content: number;
  readonly isAttested: boolean;
}

function document(digest: Digest, origin: Origin): Document {
  const manifest = {
    kind: 'index' as const,
    mediaType: mediaTypes.ociIndex,
    manifests: [],
  };
  return { digest, mediaType: mediaTypes.ociIndex, bytes: Buffer.from(digest), manifest, origin };
}

/** What reading a source would give; nothing here is read. */
function sourceOf(name: string, specs: readonly Spec[]): ReadSource {
  const origin = { name } as Origin;
  const parts = specs.flatMap(({ architecture, content, isAttested }): Part[] => {
    const platform: Platform = { os: 'linux', architecture };
    const digest = digestOf(Buffer.from(`${architecture} ${content}`));
    const entry = {
      mediaType: mediaTypes.ociManifest,
      digest,
      size: 1,
      platform: platformDocument(platform),
    };
    const image: Part = { kind: 'image', document: document(digest, origin), entry, platform };
    if (!isAttested) return [image];
    const attesting = digestOf(Buffer.from(`of ${digest}`));
    const attestation: Part = {
      kind: 'attestation',
      document: document(attesting, origin),
      entry: { mediaType: mediaTypes.ociManifest, digest: attesting, size: 1 },
      of: digest,
    };
    return [image, attestation];
  });
  return { origin, root: document(digestOf(Buffer.from(name)), origin), parts, below: [] };
}

const specs = fc.uniqueArray(
  fc.record({
    architecture: fc.constantFrom('amd64', 'arm64', 's390x', 'riscv64'),
    content: fc.integer({ min: 0, max: 2 }),
    isAttested: fc.boolean(),
  }),
  { selector: ({ architecture }) => architecture, minLength: 1, maxLength: 4 },
);
const sourceLists = fc.array(specs, { minLength: 1, maxLength: 4 });
const read = (lists: readonly (readonly Spec[])[]) =>
  lists.map((list, number) => sourceOf(`source-${number}`, list));
const imagesIn = (parts: readonly Part[]) => parts.filter(({ kind }) => kind === 'image');

test('with replace each platform is there once, from the last source that has it', () => {
  fc.assert(
    fc.property(sourceLists, (lists) => {
      const { parts, omitted } = join(read(lists), { replace: true });
      const wanted = new Map(lists.flat().map((spec) => [spec.architecture, spec.content]));
      const got = imagesIn(parts).map(({ platform, entry }) => [platform?.architecture, entry.digest]);
      expect(new Map(got as [string, string][])).toEqual(
        new Map([...wanted].map(([name, content]) => [name, digestOf(Buffer.from(`${name} ${content}`))])),
      );
      expect(got).toHaveLength(wanted.size);
      // Nothing vanishes: what a source has is in the index or told to be left out.
      const accounted = new Set(
        [...parts, ...omitted.map(({ part }) => part)].map(({ entry }) => entry.digest),
      );
      for (const { parts: own } of read(lists))
        for (const { entry } of own) expect(accounted).toContain(entry.digest);
    }),
  );
});

test('without replace it is the same or an error, and an error exactly where sources differ on a platform', () => {
  fc.assert(
    fc.property(sourceLists, (lists) => {
      const contents = new Map<string, Set<number>>();
      for (const { architecture, content } of lists.flat())
        contents.set(architecture, (contents.get(architecture) ?? new Set()).add(content));
      const conflicts = [...contents.values()].some(({ size }) => size > 1);
      if (conflicts) expect(() => join(read(lists))).toThrow('both source-');
      else expect(join(read(lists)).parts).toEqual(join(read(lists), { replace: true }).parts);
    }),
  );
});

test('attestations are there exactly for the images that are', () => {
  fc.assert(
    fc.property(sourceLists, specs, (lists, before) => {
      const existing = sourceOf('existing', before);
      const { parts } = join(read(lists), { replace: true, existing });
      const images = new Set<string>(imagesIn(parts).map(({ entry }) => entry.digest));
      for (const { of } of parts) if (of !== undefined) expect(images).toContain(of);
    }),
  );
});

test('appending keeps what no source has, and doing it again changes nothing', () => {
  fc.assert(
    fc.property(sourceLists, specs, (lists, before) => {
      const sources = read(lists);
      const existing = sourceOf('existing', before);
      const first = join(sources, { replace: true, existing });
      const given = new Set(lists.flat().map(({ architecture }) => architecture));
      const kept = imagesIn([...first.kept]).map(({ platform }) => platform?.architecture);
      expect(kept).toEqual(before.map(({ architecture }) => architecture).filter((name) => !given.has(name)));
      const published = indexDocument(first.parts, { candidates: [] });
      const then: ReadSource = {
        ...existing,
        parts: first.parts,
        root: {
          ...document(published.digest, existing.origin),
          bytes: published.bytes,
          mediaType: published.mediaType,
        },
      };
      const second = join(sources, { replace: true, existing: then });
      expect(indexDocument(second.parts, { candidates: [then] }).digest).toBe(published.digest);
    }),
  );
});
