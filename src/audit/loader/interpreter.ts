import type { ElfFacts } from '../../binary/index.ts';
import type { ViewEntry } from '../../layer/index.ts';
import type { ClosureProblem } from '../types.ts';
import { baseName } from './image-files.ts';
import type { ImageLoaders } from './image-loaders.ts';
import { fitOf, machineNames, machineOf } from './machine.ts';
import type { Loaded } from './rules.ts';

/** Whose loader it is: its rules are known for the two. */
export type Family = 'glibc' | 'musl' | 'other';

/** The program loader of a program: what the kernel starts in its place. */
export type Interpreter =
  | { readonly kind: 'usable'; readonly family: Family; readonly loader: Loaded }
  | {
      readonly kind: 'unusable';
      readonly family: Family;
      readonly file?: ViewEntry;
      readonly problem: ClosureProblem;
    };

/** Looks at the program loader that PT_INTERP names (Linux, fs/binfmt_elf.c, `load_elf_binary`). */
export function findInterpreter(
  shared: ImageLoaders,
  program: { readonly entry: ViewEntry; readonly elf: ElfFacts },
  path: string,
): Interpreter {
  const file = shared.files.at(path);
  const guess = familyByName(baseName(path));
  const problem = (found: Omit<ClosureProblem, 'file' | 'expected'>): Interpreter => ({
    kind: 'unusable',
    family: guess,
    ...(file === undefined ? {} : { file }),
    problem: {
      file: program.entry,
      expected: `${path}, an ${machineOf(program.elf)} program loader`,
      ...found,
    },
  });
  if (file === undefined)
    return problem({
      kind: 'missing-loader',
      found: `no ${path}`,
      why: whyMissing(shared, program.elf, path),
    });
  const fit = fitOf(file, program.elf);
  if (fit.kind === 'unread')
    return problem({
      kind: 'unknown',
      found: `${path}, which could not be read`,
      why: 'Whether the program starts depends on its program loader.',
    });
  if (fit.kind === 'foreign' || fit.kind === 'unusable') {
    const is = fit.kind === 'unusable' ? fit.is : `an ${machineOf(fit.elf)} ELF file`;
    return problem({
      kind: 'foreign-loader',
      found: `${path}, ${is}`,
      why: 'The kernel starts a program through its program loader, and refuses one that is not of the same machine.',
    });
  }
  if ((file.entry.mode & 0o111) === 0)
    return problem({
      kind: 'missing-loader',
      found: `${path}, which is not executable`,
      why: 'The kernel starts a program through its program loader and says "permission denied" when that is not executable.',
    });
  return {
    kind: 'usable',
    family: familyOf(file, fit.elf, guess),
    loader: { entry: file, path, elf: fit.elf },
  };
}

/** The loader that would bring a library which names none itself. */
export function loaderForLibrary(shared: ImageLoaders, elf: ElfFacts): Loaded | undefined {
  const names = machineNames(elf);
  if (names === undefined) return undefined;
  const paths = { glibc: names.glibc, musl: `/lib/ld-musl-${names.musl}.so.1` };
  const isMusl = elf.needed.some((name) => /^libc\.(?:so$|musl-)/.test(name));
  const isGlibc = elf.needed.some((name) => name === 'libc.so.6' || name.startsWith('ld-linux'));
  const order = isMusl ? [paths.musl] : isGlibc ? [paths.glibc] : [paths.glibc, paths.musl];
  for (const path of order) {
    const entry = shared.files.at(path);
    const fit = entry && fitOf(entry, elf);
    if (entry !== undefined && fit?.kind === 'fits') return { entry, path, elf: fit.elf };
  }
  return undefined;
}

/** A file tells better than its name: compatibility layers put other loaders at glibc's path. */
export function familyOf(file: ViewEntry, elf: ElfFacts, guess: Family): Family {
  if (elf.versionsGiven?.some((version) => version.startsWith('GLIBC_'))) return 'glibc';
  if (elf.soname !== undefined && familyByName(elf.soname) === 'glibc') return 'glibc';
  const names = [baseName(file.path), elf.soname ?? ''];
  if (names.some((name) => /^(?:ld-musl-|libc\.musl-|libc\.so$)/.test(name))) return 'musl';
  return guess === 'glibc' && elf.incomplete !== undefined ? 'glibc' : 'other';
}

export function familyByName(name: string): Family {
  if (name.startsWith('ld-musl-')) return 'musl';
  return /^ld(?:-linux|64\.so|\.so|-\d)/.test(name) ? 'glibc' : 'other';
}

const libcOf = { glibc: 'glibc', musl: "musl, Alpine's C library" } as const;

function whyMissing(shared: ImageLoaders, elf: ElfFacts, path: string): string {
  const says = 'The kernel says "no such file or directory", though the program itself is there';
  const family = familyByName(baseName(path));
  const other = family === 'musl' ? 'glibc' : 'musl';
  if (family !== 'other' && hasLoader(shared, elf, other) && !hasLoader(shared, elf, family))
    return `${says}: it is made for ${libcOf[family]}, and the image has ${libcOf[other]}.`;
  const elsewhere = shared.files.named(baseName(path)).find((entry) => fitOf(entry, elf).kind === 'fits');
  if (elsewhere !== undefined)
    return `${says}: its program loader lies at /${elsewhere.path}, not where the program names it.`;
  return `${says}: the program loader it names is not in the image.`;
}

function hasLoader(shared: ImageLoaders, elf: ElfFacts, family: 'glibc' | 'musl'): boolean {
  const names = machineNames(elf);
  if (names === undefined) return false;
  const path = family === 'glibc' ? names.glibc : `/lib/ld-musl-${names.musl}.so.1`;
  const file = shared.files.at(path);
  return file !== undefined && fitOf(file, elf).kind === 'fits';
}
