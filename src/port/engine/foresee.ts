import { type LayerFacts, type MergedView, mergeLayers } from '../../layer/index.ts';
import { type AssembleInput, foreseeLayers, type WrittenEntry } from '../assembly/index.ts';

/** Content of configuration files that is read for a foreseen view, at most. */
const maxContent = 256 * 1024;

/**
 * The new image's files as the plan has them, before a byte is written. Contents are there of files that were read before,
 * and of those that `wants` asks for, up to 256 KiB.
 * @throws AssemblyError where the layers can't be put together so; what new content throws.
 */
export async function foresee(input: AssembleInput, wants: (path: string) => boolean): Promise<MergedView> {
  const first = input.source.layers.length - input.layers.length;
  const layers: LayerFacts[] = [];
  for (const [index, written] of foreseeLayers(input).entries()) {
    const facts = input.source.layers[first + index];
    if (facts === undefined) continue;
    const contents = new Map<number, Uint8Array>();
    for (const [at, entry] of written.entries()) {
      const bytes = await contentOf(entry, facts, wants);
      if (bytes !== undefined) contents.set(at, bytes);
    }
    layers.push({ ...facts, entries: written.map(({ entry }) => entry), contents });
  }
  return mergeLayers([...input.base.layers, ...layers]);
}

async function contentOf(
  { entry, from, content }: WrittenEntry,
  facts: LayerFacts,
  wants: (path: string) => boolean,
): Promise<Uint8Array | undefined> {
  if (from !== undefined) return facts.contents.get(from);
  if (content === undefined || !wants(entry.path) || content.size > maxContent) return undefined;
  const chunks: Uint8Array[] = [];
  for await (const chunk of content.content()) chunks.push(Uint8Array.from(chunk));
  return Buffer.concat(chunks);
}
