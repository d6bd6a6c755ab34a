import type { ForeignFile, ImageKnowledge, Judgement } from '../types.ts';
import { isLoader, isSystemLibraryPath } from '../userland.ts';
import { isLibrary } from './program.ts';

/** The system's loaders, C library and libraries. */
export function userland(file: ForeignFile, image: ImageKnowledge): Judgement | undefined {
  const { entry, innerPath, code } = file;
  if (innerPath !== '' || code.offset > 0 || !isSystemLibraryPath(entry.path)) return undefined;
  const loader = isLoader(entry.path);
  if (image.userland === 'foreign' && (loader || isLibrary(file)))
    return {
      verdict: 'reachable',
      role: loader ? 'loader' : 'library',
      because:
        "The C library in the image's system directories is of another machine, and this is a part of that system.",
    };
  if (!loader) return undefined;
  return {
    verdict: 'shadowed',
    role: 'loader',
    because: `Native programs name another loader, and the system's C library is ${image.platform.architecture}.`,
  };
}
