import type { ForeignFile, ImageKnowledge, Judgement } from '../types.ts';

/** Libraries that native files need by name, where no native file has the name. */
export function needed(
  { entry, innerPath, code }: ForeignFile,
  image: ImageKnowledge,
): Judgement | undefined {
  if (innerPath !== '' || code.offset > 0) return undefined;
  const found = image.needed.get(entry.path);
  if (found === undefined) return undefined;
  return {
    verdict: 'reachable',
    role: 'library',
    because: `${found.by} needs ${found.name}, and no ${image.platform.architecture} file of that name is there.`,
  };
}
