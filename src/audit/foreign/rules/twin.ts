import { type ForeignFile, type ImageKnowledge, type Judgement, nameOf } from '../types.ts';
import { isJavaArchive } from './archive-kinds.ts';
import { isProgram } from './program.ts';

/** Files named for another machine, with a native one that stands for them here. */
export function twin(file: ForeignFile, image: ImageKnowledge): Judgement | undefined {
  if (file.code.offset > 0) return undefined;
  const native = image.twinOf(file);
  if (native === undefined) return undefined;
  return {
    verdict: 'shadowed',
    role: roleOf(file),
    because: `It is named for another machine, and ${image.platform.architecture} hosts take /${native} in its place.`,
  };
}

function roleOf(file: ForeignFile): string {
  if (file.innerPath !== '') return isJavaArchive(file) ? 'java-library' : 'package-file';
  if (nameOf(file).endsWith('.node')) return 'node-module';
  return isProgram(file) ? 'program' : 'library';
}
