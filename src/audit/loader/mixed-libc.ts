import type { ElfFacts } from '../../binary/index.ts';
import type { ClosureProblem } from '../types.ts';
import { familyOf } from './interpreter.ts';
import type { Process } from './load-libraries.ts';
import type { Loaded, Rules } from './rules.ts';

/** Two C libraries in one process, or a library that was built for the other one. */
export function libcProblems({ objects, misses }: Process, { family, loader }: Rules): ClosureProblem[] {
  const problems: ClosureProblem[] = [];
  const others = objects.filter((object) => object !== loader && isOther(object, family));
  for (const object of others)
    problems.push({
      kind: 'mixed-libc',
      file: (object.neededBy ?? object).entry,
      found: `/${object.entry.path}, of ${family === 'musl' ? 'glibc' : 'musl'}`,
      expected: `one C library in a process, ${family}`,
      why: 'Two C libraries in one process overwrite each other’s state: it ends in crashes sooner or later.',
    });
  if (family === 'musl' && misses.length === 0)
    for (const { entry, elf } of objects)
      if (wantsGlibc(elf))
        problems.push({
          kind: 'unknown',
          file: entry,
          found: 'a file built for glibc, in a process with musl',
          expected: 'a file built for musl',
          why: 'Whether it runs depends on which functions it uses: musl has most of them, not all.',
        });
  return problems;
}

function isOther({ entry, elf }: Loaded, family: Rules['family']): boolean {
  const own = familyOf(entry, elf, 'other');
  return own !== 'other' && own !== family && isLibc(elf, own);
}

/** glibc's other parts (libm, libdl) come with its libc or its loader anyway. */
function isLibc({ soname = '' }: ElfFacts, family: 'glibc' | 'musl'): boolean {
  return family === 'musl' || soname === 'libc.so.6' || soname.startsWith('ld-linux');
}

function wantsGlibc({ versionsNeeded = [] }: ElfFacts): boolean {
  return versionsNeeded.some(({ versions }) => versions.some((version) => version.startsWith('GLIBC_')));
}
