import { buildImage, type ImageSpec } from '../../fixture/index.ts';
import { parseManifest } from '../../oci/index.ts';
import { type SubjectSpec, subjectOf } from '../subject.test-support.ts';
import type { ChainStep, EntryTrace } from '../types.ts';
import type { SmokeImage } from './types.ts';

/** An image in memory, with traces that lead through these words; each names a file of the image by its path. */
export async function smokeImageOf(
  spec: SubjectSpec,
  traced: readonly (readonly string[])[] = [],
): Promise<SmokeImage> {
  const subject = await subjectOf(spec);
  const { override: _, platform: __, ...rest } = spec;
  const built = await buildImage({ ...rest, platform: subject.platform } satisfies ImageSpec);
  const manifest = parseManifest(built.manifest.bytes);
  if (manifest.kind !== 'image') throw new TypeError('the fixture is no image');
  const blobs = new Map<string, Uint8Array>(
    built.blobs.map(({ descriptor, bytes }) => [descriptor.digest, bytes]),
  );
  const repository = {
    name: 'example.com/app',
    async *blob({ digest }: { readonly digest: string }) {
      yield blobs.get(digest) ?? new Uint8Array();
    },
  };
  return {
    subject,
    layers: manifest.layers.map((descriptor) => ({ repository, descriptor })),
    traces: traced.map((words): EntryTrace => {
      const steps = words.map((word): ChainStep => {
        const found = subject.view.resolve(word);
        return { by: 'start', word, ...(found.found ? { file: found.entry } : {}) };
      });
      return { role: 'entrypoint', words, certain: true, steps, end: { kind: 'machine-code' } };
    }),
  };
}
