import { isLinkInput } from '../link-input.ts';
import { type ForeignFile, type ImageKnowledge, type Judgement, nameOf, type PathProgram } from '../types.ts';

const otherSystems = /\.(?:exe|dll|dylib|com|sys|efi|wasm)$/i;

/** Executables that are found by their name. */
export function pathProgram(file: ForeignFile, image: ImageKnowledge): Judgement | undefined {
  const { entry, innerPath, facts, code } = file;
  if (innerPath !== '' || code.offset > 0 || code.format === 'wasm' || isLinkInput(facts)) return undefined;
  const names = image.programs.get(entry.path) ?? [];
  const [first] = names;
  if (first === undefined || (isOfOtherSystem(file, image) && isNamedSo(file))) return undefined;
  const open = names.find(({ before }) => before === undefined);
  return open === undefined ? shadowed(first) : reachable(open, image);
}

/** A macOS program under a plain name on the PATH is what its image calls; `setup.exe` is not. */
function isNamedSo(file: ForeignFile): boolean {
  return otherSystems.test(nameOf(file)) || file.words.names.some(({ os }) => os === file.code.os);
}

function isOfOtherSystem({ code }: ForeignFile, { platform }: ImageKnowledge): boolean {
  return code.os !== platform.os;
}

function reachable({ command, foundAt }: PathProgram, { platform }: ImageKnowledge): Judgement {
  return {
    verdict: 'reachable',
    role: 'path-program',
    because: `${command} is found at ${foundAt} on the PATH, and ${platform.architecture} hosts can't run it.`,
  };
}

function shadowed({ command, before }: PathProgram): Judgement {
  return {
    verdict: 'shadowed',
    role: 'path-program',
    because: `Who calls ${command} gets the native ${before} before it.`,
  };
}
