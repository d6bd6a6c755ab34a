import { foreignCodeIn } from '../../../audit/index.ts';
import type { FileFacts } from '../../../binary/index.ts';
import { architectureWords } from '../../config/architecture-words.ts';
import type { PortImage } from '../../origin-types.ts';

/** A Go program of the old machine, with all the paths that it has above the base. */
export interface FoundProgram {
  /** Hexadecimal. */
  readonly sha256: string;
  readonly size: number;
  readonly facts: FileFacts;
  /** For people: `example.com/tool v1.2.3`. */
  readonly name: string;
  readonly paths: readonly string[];
  /** Of those, the ones whose names say that it's for the old machine. */
  readonly misnamed: readonly string[];
}

/**
 * The Go programs that nobody before answers for, each content once. A program that stands beside its twin for the new
 * machine, under a name for each, is left alone.
 */
export function findPrograms(image: PortImage, taken: ReadonlySet<string>): readonly FoundProgram[] {
  const words = architectureWords(image.source.architecture, image.target.architecture);
  const found = new Map<string, FoundProgram & { readonly paths: string[]; readonly misnamed: string[] }>();
  for (const { path, layer, entry } of image.view.entries()) {
    const { kind, facts, sha256, size } = entry;
    if (layer < image.baseLayers || kind !== 'file' || taken.has(path)) continue;
    if (facts === undefined || sha256 === undefined || !isGoProgram(facts, image)) continue;
    const isMisnamed = words.isSpelledIn(path) && !isInLibraryFolder(path);
    if (isMisnamed && words.respelled(path).some((twin) => isForTarget(image, twin))) continue;
    const known = found.get(sha256) ?? { sha256, size, facts, name: nameOf(facts), paths: [], misnamed: [] };
    known.paths.push(path);
    if (isMisnamed) known.misnamed.push(path);
    found.set(sha256, known);
  }
  return [...found.values()];
}

function isGoProgram(facts: FileFacts, { source, target }: PortImage): boolean {
  if (facts.kind !== 'elf' || facts.elf.go === undefined || facts.elf.packer !== undefined) return false;
  if (facts.elf.architecture !== source.architecture) return false;
  const isProgram = facts.elf.type === 'executable' || facts.elf.type === 'shared';
  return isProgram && foreignCodeIn(facts, target).some(({ path, offset }) => path === '' && offset === 0);
}

/** Debian's `x86_64-linux-gnu`: a program in it is for whatever machine the image is for. */
function isInLibraryFolder(path: string): boolean {
  return /(?:^|\/)[a-z0-9_]+-linux-(?:gnu|musl)[a-z0-9]*\//.test(path);
}

function isForTarget({ view, target }: PortImage, path: string): boolean {
  const found = view.resolve(path);
  const facts = found.found ? found.entry.entry.facts : undefined;
  return facts?.kind === 'elf' && facts.elf.architecture === target.architecture;
}

function nameOf(facts: FileFacts): string {
  const go = facts.kind === 'elf' ? facts.elf.go : undefined;
  const { module, path } = go ?? {};
  if (module === undefined) return path ?? 'of a module that it does not name';
  return `${module.path} ${module.version}`.slice(0, 300);
}
