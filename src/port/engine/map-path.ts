import type { MergedView } from '../../layer/index.ts';
import type { Platform } from '../../oci/index.ts';
import { architectureWords } from '../config/architecture-words.ts';

/** Program loaders, whose places follow no pattern (glibc's `SYSDEP_KNOWN_INTERPRETER_NAMES`). */
const loaders: Readonly<Record<string, string>> = {
  'lib64/ld-linux-x86-64.so.2': 'lib/ld-linux-aarch64.so.1',
  'usr/lib64/ld-linux-x86-64.so.2': 'usr/lib/ld-linux-aarch64.so.1',
};

/**
 * How paths of the old architecture are called on the new one: the spelling that the new base has, else the one that
 * stands for it. `undefined` where an architecture is named and nothing is known to take its place.
 */
export function pathNames(
  source: Platform,
  target: Platform,
  newBase: MergedView,
): (path: string) => string | undefined {
  const words = architectureWords(source.architecture, target.architecture);
  const isKnownPair = source.architecture === 'amd64' && target.architecture === 'arm64';
  return (path) => {
    if (!words.isSpelledIn(path)) return path;
    const loader = isKnownPair ? loaders[path] : undefined;
    if (loader !== undefined) return loader;
    const spelled = words.respelled(path);
    return spelled.find((candidate) => newBase.resolve(candidate, { followLast: false }).found) ?? spelled[0];
  };
}
