import type { ForeignFile, ImageKnowledge, Judgement } from '../types.ts';

/** What a container starts, and what loaders take for it. */
export function used({ entry, innerPath, code }: ForeignFile, image: ImageKnowledge): Judgement | undefined {
  if (innerPath !== '' || code.offset > 0) return undefined;
  return image.uses.get(entry.path);
}
