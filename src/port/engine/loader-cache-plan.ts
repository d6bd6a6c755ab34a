import { createHash } from 'node:crypto';
import type { AssembleInput } from '../assembly/index.ts';
import { loaderCache } from '../loader-cache/index.ts';
import type { PortImage } from '../origin-types.ts';
import type { PathPlan } from '../plan-types.ts';
import { foresee } from './foresee.ts';

export const cachePath = 'etc/ld.so.cache';

/**
 * The plan for the loader's cache, where layers above the base have one: it names libraries of the old architecture, so
 * it's made anew from the new image's files. `undefined` where there is none above the base.
 * @throws AssemblyError where the layers can't be put together.
 */
export async function loaderCachePlan(image: PortImage, input: AssembleInput): Promise<PathPlan | undefined> {
  const there = image.view.lookup(cachePath);
  if (there === undefined || there.layer < image.baseLayers || there.entry.kind !== 'file') return undefined;
  const view = await foresee(input, (path) => /^etc\/ld\.so\.conf(?:$|\.d\/)/.test(path));
  const made = loaderCache(view, image.target);
  if (made.kind === 'none') return { action: 'drop', why: `it is of the old architecture, and ${made.why}` };
  const { bytes, libraries } = made;
  return {
    action: 'replace',
    why: `it named libraries of the old architecture; the new one names ${libraries} of the new image`,
    with: {
      kind: 'file',
      size: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      origin: 'regenerated',
      content: async function* () {
        yield bytes;
      },
    },
  };
}
