import { type FileFacts, machineCodeIn } from '../../../../binary/index.ts';
import { architectureWords } from '../../../config/architecture-words.ts';
import type { PortImage } from '../../../origin-types.ts';
import { isForeign } from '../installed/foreign.ts';
import { machineOf, tagsFor } from '../tags.ts';
import type { Replayed } from './types.ts';

/**
 * Is the new wheel what its name says? All machine code that Python could load from it must be the new machine's; what it
 * carries for others, under their names, is data, and the audit judges it. `undefined` for yes, else a sentence.
 */
export function falseWheel({ target, files }: Replayed, image: PortImage): string | undefined {
  const words = architectureWords(image.source.architecture, image.target.architecture);
  const isNamed = (path: string): boolean =>
    words.isSpelledIn(path) && !/\.(?:cpython|pypy)[^/]*\.so$/.test(path);
  const wrong = [...files].find(([path, { facts }]) => isForeign(facts, image) && !isNamed(path));
  if (wrong !== undefined) return `it holds machine code for ${image.source.architecture} in ${wrong[0]}`;
  const isForMachine = tagsFor(target.name.tags, machineOf(image.target.architecture)).length > 0;
  const hasCode = [...files.values()].some(({ facts }) => hasCodeFor(facts, image.target.architecture));
  if (isForMachine && !hasCode) return `it holds no machine code for ${image.target.architecture}`;
  return undefined;
}

export function hasCodeFor(facts: FileFacts, architecture: string): boolean {
  return machineCodeIn(facts).some((code) => code.os === 'linux' && code.architecture === architecture);
}
