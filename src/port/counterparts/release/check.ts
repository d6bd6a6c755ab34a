import { foreignCodeIn } from '../../../audit/index.ts';
import { type FileFacts, type MachineCode, machineCodeIn } from '../../../binary/index.ts';
import type { Platform } from '../../../oci/index.ts';
import { elfDoubts } from './check-elf.ts';
import type { Doubt } from './doubt.ts';

const maxListed = 3;
const ownArchitecture = 'Name the build for the right architecture.';

/**
 * Is what was named fit to take the file's place? All machine code in it must be the target's; code takes the place of code
 * of the same kind, and what holds none that of what holds none.
 */
export function doubtsAbout(
  replaced: FileFacts | undefined,
  offered: FileFacts,
  target: Platform,
): readonly Doubt[] {
  const general = [...foreignDoubts(offered, target), ...unreadDoubts(offered)];
  if (replaced === undefined) return [...general, unknownReplaced];
  if (general.some(({ waivable }) => !waivable)) return general;
  return [...general, ...kindDoubts(replaced, offered)];
}

const unknownReplaced: Doubt = {
  why: 'replaces a file whose content was not read',
  lift: 'Waive it, if you know that it is the same program.',
  waivable: true,
  undetermined: true,
};

function foreignDoubts(offered: FileFacts, target: Platform): readonly Doubt[] {
  const foreign = foreignCodeIn(offered, target);
  const own = foreign.find(({ path, offset }) => path === '' && offset === 0);
  if (own !== undefined)
    return [
      {
        why: `is machine code for ${own.os}/${own.architecture}, not for ${target.os}/${target.architecture}`,
        lift: ownArchitecture,
        waivable: false,
      },
    ];
  if (foreign.length === 0) return [];
  const listed = foreign.slice(0, maxListed).map(describeCode).join(', ');
  const more = foreign.length > maxListed ? ` and ${foreign.length - maxListed} more` : '';
  return [
    {
      why: `holds machine code of other machines: ${listed}${more}`,
      lift: `${ownArchitecture} If it carries code for several on purpose, waive it.`,
      waivable: true,
    },
  ];
}

function describeCode({ path, offset, architecture }: MachineCode): string {
  return `${path === '' ? `byte ${offset}` : path} (${architecture})`;
}

function unreadDoubts({ embeddedOmitted, nestedOmitted }: FileFacts): readonly Doubt[] {
  if (embeddedOmitted === undefined && nestedOmitted === undefined) return [];
  return [
    {
      why: 'holds more pieces of machine code than armload looks at',
      lift: 'Waive it, if you know what is in it.',
      waivable: true,
      undetermined: true,
    },
  ];
}

function kindDoubts(replaced: FileFacts, offered: FileFacts): readonly Doubt[] {
  const [had, has] = [machineCodeIn(replaced).length > 0, machineCodeIn(offered).length > 0];
  const [was, is] = [words(replaced), words(offered)];
  if (!had && has)
    return [
      {
        why: `is ${is} with machine code, and replaces ${was} without any`,
        lift: 'Name the right path, or waive it.',
        waivable: true,
      },
    ];
  if (!had) return [];
  if (isPacked(offered) && !isPacked(replaced)) return [packed(offered, was)];
  if ((!has && replaced.kind !== 'archive') || offered.kind !== replaced.kind)
    return [{ why: `is ${is}, and replaces ${was}`, lift: 'Name a file of the same kind.', waivable: false }];
  return replaced.kind === 'elf' && offered.kind === 'elf' ? elfDoubts(replaced.elf, offered.elf) : [];
}

function isPacked({ kind }: FileFacts): boolean {
  return kind === 'archive' || kind === 'unopened';
}

function packed(offered: FileFacts, was: string): Doubt {
  const inside = (offered.nested ?? []).slice(0, maxListed).map(({ path }) => path.slice(0, 200));
  const hint = inside.length === 0 ? '' : `, such as ${inside.join(', ')}`;
  return {
    why: `is ${words(offered)}, and replaces ${was}`,
    lift: `Name the file in it that is meant, with !/ and its path in the archive behind the replacement${hint}.`,
    waivable: false,
  };
}

function words(facts: FileFacts): string {
  switch (facts.kind) {
    case 'elf':
      return facts.elf.linkage === 'shared-library' ? 'a shared library' : 'an ELF file';
    case 'archive':
      return `an archive (${facts.archive.format})`;
    case 'unopened':
      return `a packed file (${facts.format})`;
    case 'empty':
      return 'an empty file';
    case 'script':
      return 'a script';
    case 'text':
      return 'a text';
    case 'library':
      return 'a static library';
    case 'pe':
    case 'macho':
    case 'wasm':
    case 'bitcode':
    case 'java-class':
    case 'data':
      return `a file of the kind "${facts.kind}"`;
  }
}
