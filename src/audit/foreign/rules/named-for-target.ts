import { lastName, type PlatformName } from '../platform-words.ts';
import { namesPlatform } from '../twins.ts';
import { type ForeignFile, type ImageKnowledge, type Judgement, nameOf } from '../types.ts';
import { isArchiveOfLibraries } from './archive-kinds.ts';
import { isLibrary, isProgram } from './program.ts';

/** Files with the platform's name and another machine's code: what its hosts choose. */
export function namedForTarget(file: ForeignFile, { platform }: ImageKnowledge): Judgement | undefined {
  const name = lastName(file.words);
  if (file.code.offset > 0 || name === undefined || !namesPlatform(name, platform)) return undefined;
  // `x86_64-aarch64-linux-gnu`: a compiler on one machine for another.
  if (file.words.names.some(({ architectures }) => architectures.includes(file.code.architecture)))
    return undefined;
  return file.innerPath === ''
    ? misnamedFile(file, name, platform.architecture)
    : misnamedInside(file, name, platform.architecture);
}

function misnamedFile(file: ForeignFile, name: PlatformName, architecture: string): Judgement | undefined {
  const isOwnName = name.component === file.words.components.length - 1;
  if (isLibrary(file) || (isProgram(file) && !isLibraryFolder(file, name)))
    return chosen(roleOf(file), name, architecture);
  if (!isOwnName) return undefined;
  return {
    verdict: 'unknown',
    role: 'program',
    because: `It is named for ${architecture} (${name.text}), which it isn't; it is not executable as it is.`,
  };
}

function misnamedInside(file: ForeignFile, name: PlatformName, architecture: string): Judgement | undefined {
  const isInFolder = name.component < file.entry.path.split('/').length - 1;
  if (!isArchiveOfLibraries(file)) {
    // Of folders around an archive, `dist/linux-arm64` says what is in it; Debian's `lib/aarch64-linux-gnu` doesn't.
    if (isInFolder && isLibraryFolder(file, name)) return undefined;
    return {
      verdict: 'unknown',
      role: 'misnamed-archive',
      because: `It is packed under a name for ${architecture} (${name.text}): who unpacks it there gets a file that can't run.`,
    };
  }
  return isInFolder ? undefined : chosen('java-library', name, architecture);
}

function chosen(role: string, { text }: PlatformName, architecture: string): Judgement {
  return {
    verdict: 'reachable',
    role,
    because: `It is named for ${architecture} (${text}), so it is what such a host will load.`,
  };
}

/** Debian's `lib/aarch64-linux-gnu`: there is more in it than libraries. */
function isLibraryFolder({ words }: ForeignFile, { component, whole }: PlatformName): boolean {
  return whole && words.components[component - 1] === 'lib';
}

function roleOf(file: ForeignFile): string {
  if (nameOf(file).endsWith('.node')) return 'node-module';
  return isLibrary(file) ? 'library' : 'program';
}
