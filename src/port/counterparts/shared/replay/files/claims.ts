import type { FileFacts } from '../../../../../binary/index.ts';
import { machineCodeIn } from '../../../../../binary/index.ts';
import type { PortImage } from '../../../../origin-types.ts';
import type { Spelling } from '../spelling.ts';

/**
 * Is a counterpart what it claims? `undefined` for yes, else a sentence: machine code of the target where the old file had
 * the source's, and a library of the same name.
 */
export function falseClaim(
  old: FileFacts | undefined,
  found: FileFacts | undefined,
  { image, spelling }: { readonly image: Pick<PortImage, 'source' | 'target'>; readonly spelling: Spelling },
): string | undefined {
  if (old === undefined || found === undefined) return undefined;
  const { source, target } = image;
  if (!hasCodeFor(old, source.architecture) || hasCodeFor(found, source.architecture)) {
    // Code of the old machine in both is data to the package: the audit of the result judges it.
    return falseName(old, found, spelling);
  }
  if (!hasCodeFor(found, target.architecture))
    return `the file has machine code for ${source.architecture}, and the package for ${target.architecture} has ${describe(found)} there`;
  return falseName(old, found, spelling);
}

/** The file itself: an archive may hold code that only one architecture has any of (a Java module's vector code). */
function hasCodeFor(facts: FileFacts, architecture: string): boolean {
  return machineCodeIn(facts).some(
    (code) => code.path === '' && code.offset === 0 && code.architecture === architecture,
  );
}

function falseName(old: FileFacts, found: FileFacts, spelling: Spelling): string | undefined {
  if (old.kind !== 'elf' || found.kind !== 'elf') return undefined;
  const [before, now] = [old.elf.soname, found.elf.soname];
  if (before === undefined || now === undefined || spelling.isAlike(before, now)) return undefined;
  return `the library calls itself ${before}, and the one that would take its place ${now}`;
}

function describe(facts: FileFacts): string {
  const [code] = machineCodeIn(facts);
  return code === undefined ? `a file without machine code (${facts.kind})` : `code for ${code.architecture}`;
}
