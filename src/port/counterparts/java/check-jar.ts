import { type FileFacts, machineCodeIn } from '../../../binary/index.ts';
import { withoutArchitecture } from '../../config/architecture-words.ts';
import type { PortImage } from '../../origin-types.ts';
import type { OldJar } from './find-jars.ts';

/** Facts that say a jar shows other content to other readers, or isn't whole. */
const wrong: ReadonlySet<string> = new Set(['hidden', 'malformed', 'truncated']);

/** Why a jar is no counterpart, as the rest of a sentence; `undefined` where it is one. */
export function falseJar(facts: FileFacts, old: OldJar, { target }: PortImage): string | undefined {
  if (facts.kind !== 'archive' || facts.archive.format !== 'zip') return 'it is no jar';
  const damage = damageOf(facts);
  if (damage !== undefined) return `it is damaged: ${damage}`;
  const own = machineCodeIn(facts).filter(({ os }) => os === target.os);
  const right = own.filter(
    ({ architecture, format }) => architecture === target.architecture && format === 'elf',
  );
  if (right.length === 0) {
    const others = [...new Set(own.map(({ architecture }) => architecture))].join(', ');
    return `it has no machine code for ${target.os}/${target.architecture}${others === '' ? '' : `, but for ${others}`}`;
  }
  const folders = new Set(right.map(({ path }) => folderOf(path)));
  if (!old.code.some((path) => folders.has(folderOf(path))))
    return `its machine code lies in other folders: ${[...folders].slice(0, 3).join(', ').slice(0, 200)}`;
  const before = mavenOf(old.facts);
  const now = mavenOf(facts);
  const names = new Set(before.map(withoutArchitecture));
  if (names.size > 0 && now.length > 0 && !now.some((name) => names.has(withoutArchitecture(name))))
    return `it says that it's ${now[0]}, and the old one says ${before[0]}`;
  return undefined;
}

/** What is wrong with the archive itself; what it can't say of a file in it is the audit's. */
export function damageOf(facts: FileFacts): string | undefined {
  return facts.problems
    ?.find(({ kind, path }) => wrong.has(kind) && path === undefined)
    ?.message.slice(0, 200);
}

function mavenOf(facts: FileFacts | undefined): readonly string[] {
  return facts?.kind === 'archive' ? (facts.archive.maven ?? []) : [];
}

/** The first two folders: libraries keep their code there, whatever else they name after the platform. */
function folderOf(path: string): string {
  return withoutArchitecture(path.split('/').slice(0, -1).slice(0, 2).join('/')).toLowerCase();
}
