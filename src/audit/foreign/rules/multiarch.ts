import type { ForeignFile, ImageKnowledge, Judgement } from '../types.ts';
import { isSystemLibraryPath } from '../userland.ts';
import { isProgram } from './program.ts';

/** Debian's directories for a second architecture, such as `/usr/lib/x86_64-linux-gnu`. */
export function multiarch(file: ForeignFile, { platform }: ImageKnowledge): Judgement | undefined {
  const { entry, innerPath, code, words } = file;
  if (innerPath !== '' || code.offset > 0 || !isSystemLibraryPath(entry.path) || isProgram(file))
    return undefined;
  const name = words.names.find(({ whole, component }) => whole && words.components[component - 1] === 'lib');
  if (name === undefined || !name.architectures.includes(code.architecture)) return undefined;
  return {
    verdict: 'unknown',
    role: 'multiarch-library',
    because: `It is installed for ${code.architecture}, with nothing for ${platform.architecture} in its place; no native program was seen to need it.`,
  };
}
