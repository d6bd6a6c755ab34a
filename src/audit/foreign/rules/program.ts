import { type ForeignFile, nameOf } from '../types.ts';

const libraryName = /\.(?:so|node|dll|dylib|jnilib|pyd)(?:\.|$)/;

/** Is it a library by its name, or by its kind where the name doesn't say? */
export function isLibrary(file: ForeignFile): boolean {
  if (libraryName.test(nameOf(file))) return true;
  const { facts } = file;
  if (facts.kind !== 'elf') return false;
  const { linkage, type, interpreter } = facts.elf;
  return (
    linkage === 'shared-library' || (linkage === 'unknown' && type === 'shared' && interpreter === undefined)
  );
}

/** Would the kernel of its machine start it? */
export function isProgram(file: ForeignFile): boolean {
  const { entry, innerPath, facts, code } = file;
  // Of what is in archives, the mode is not known.
  const executable = innerPath !== '' || (entry.entry.mode & 0o111) !== 0;
  const startable = facts.kind === 'elf' || facts.kind === 'pe' || facts.kind === 'macho';
  return executable && startable && code.offset === 0 && !isLibrary(file);
}
