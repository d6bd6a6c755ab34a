import { foreignCodeIn } from '../../../../../audit/index.ts';
import type { LayerEntry, ViewEntry } from '../../../../../layer/index.ts';
import type { NewContent, Replacement } from '../../../../plan-types.ts';
import type { StoredFile } from '../../../debian/store/index.ts';
import type { Draft } from '../draft.ts';
import type { FileReplay, ReplayedFiles } from '../types.ts';
import type { PackageRecord } from './alteration.ts';
import { falseClaim } from './claims.ts';
import type { NewFile, OldFile } from './pairing.ts';

/** A package of the image while its files are planned. */
export interface OldFilesOf {
  readonly draft: Draft;
  readonly input: FileReplay;
  readonly record: PackageRecord;
}

export interface FilesOf extends OldFilesOf {
  readonly replayed: ReplayedFiles;
  /** The view's layer for what only the new package has. */
  readonly layer: number;
}

/** Plans a file that both architectures' packages have. Where the image lacks it, it stays out. */
export async function planPair(of: FilesOf, old: OldFile, found: NewFile): Promise<void> {
  const { entry: there } = old;
  const { draft } = of;
  if (there === undefined || draft.isTaken(old.path) || draft.paths.has(old.path)) return;
  if (!draft.isAbove(there)) {
    takeFromBase(of, found);
    return;
  }
  const { kind } = there.entry;
  if (kind === 'file') await planFile(of, { old, there, found });
  else if (kind === 'symlink') planLink(of, { old, there, found });
  else draft.notes.about(`a ${kind} where ${labelOf(of)} has a ${found.file.kind}, kept`, old.path);
}

interface Both {
  readonly old: OldFile;
  readonly there: ViewEntry;
  readonly found: NewFile;
}

/** dpkg leaves what it needn't write: such a file is the base's, and its sibling has it as a rule. */
function takeFromBase(of: FilesOf, { place, file }: NewFile): void {
  if (of.draft.image.newBase.resolve(place, { followLast: false }).found) return;
  addFile(of, { place, file }, "the package's, and the new base lacks it");
}

async function planFile(of: FilesOf, both: Both): Promise<void> {
  const { draft, record } = of;
  const { old, there, found } = both;
  const { entry } = there;
  if (found.file.sha256 !== undefined && found.file.sha256 === entry.sha256) {
    if (of.input.withTimes === true && found.file.mtime !== entry.mtime)
      replaceWith(of, both, `the same in ${labelOf(of)}, which has its own time`);
    else keepOrMove(of, both, `the same in ${labelOf(of)}`);
    return;
  }
  const alteration = await record.alterationOf(old.listed, entry);
  if (alteration === 'unaltered') replaceFile(of, both);
  else if (hasForeignCode(draft, entry)) refuseAltered(of, old, alteration);
  else keepAltered(of, both, alteration);
}

/** Neutral content under the name that it has on the new architecture. */
function keepOrMove({ draft }: FilesOf, { old, found }: Both, why: string): void {
  if (found.place === old.path) draft.plan(old.path, { action: 'keep', why });
  else draft.plan(old.path, { action: 'rename', to: found.place, why });
}

function replaceFile(of: FilesOf, { old, there, found }: Both): void {
  const { draft } = of;
  const wrong = falseClaim(there.entry.facts, found.file.facts, draft);
  if (wrong !== undefined) {
    refuseCounterpart(of, old.path, wrong);
    return;
  }
  replaceWith(of, { old, found }, `unaltered, so that ${labelOf(of)} takes its place`);
}

function replaceWith(of: FilesOf, { old, found }: Pick<Both, 'old' | 'found'>, why: string): void {
  const { draft } = of;
  const content = replacementOf(of, found.file, old.entry?.entry);
  if (content === undefined) {
    draft.notes.about(`kept, for ${labelOf(of)} has a ${found.file.kind} there`, old.path);
    return;
  }
  draft.plan(old.path, {
    action: 'replace',
    with: content,
    ...(found.place === old.path ? {} : { to: found.place }),
    mtime: found.file.mtime,
    why,
  });
}

function replacementOf(of: FilesOf, file: StoredFile, old: LayerEntry | undefined): Replacement | undefined {
  if (file.kind === 'symlink') return { kind: 'symlink', linkName: file.linkName ?? '', origin: labelOf(of) };
  const content = contentOf(of, file);
  // A file in a link's place has no mode to inherit.
  return content && { kind: 'file', ...content, ...(old?.kind === 'file' ? {} : { mode: file.mode }) };
}

function contentOf(of: FilesOf, file: StoredFile): NewContent | undefined {
  const { sha256, size, content, facts } = file;
  if (sha256 === undefined) return undefined;
  return { content, size, sha256, origin: labelOf(of), ...(facts === undefined ? {} : { facts }) };
}

function keepAltered(of: FilesOf, { old, there, found }: Both, alteration: 'altered' | 'unknown'): void {
  const { draft, record } = of;
  const isConffile = record.conffile(old.listed) !== undefined;
  if (found.place === old.path) {
    const why = isConffile ? "a configuration file as the image's owner has it" : whyKept[alteration];
    draft.plan(old.path, { action: 'keep', why });
  } else if (isConffile) {
    draft.plan(old.path, { action: 'keep', why: 'an altered configuration file' });
    addFile(of, found, `the configuration file of ${labelOf(of)}`);
  } else draft.plan(old.path, { action: 'rename', to: found.place, why: whyKept[alteration] });
  if (isConffile && found.place === old.path) return;
  draft.notes.about(`${alteration === 'altered' ? 'altered' : 'perhaps altered'}, and kept so`, there.path);
}

const whyKept = {
  altered: 'altered in the image, and without machine code',
  unknown: 'it may have been altered in the image, and holds no machine code',
};

/** Links aren't in a package's sums: they are its own where they lead to the same name, or into the package. */
function planLink(of: FilesOf, both: Both): void {
  const { draft } = of;
  const { old, there, found } = both;
  const { file } = found;
  const linkName = there.entry.linkName ?? '';
  if (file.kind === 'symlink' && file.linkName === linkName) {
    keepOrMove(of, both, `the same in ${labelOf(of)}`);
    return;
  }
  const isOwn =
    (file.kind === 'symlink' && draft.spelling.isAlike(file.linkName ?? '', linkName)) ||
    leadsIntoPackage(of, old.path);
  if (isOwn) replaceWith(of, both, `${labelOf(of)} has it so`);
  else {
    keepOrMove(of, both, 'a link that was altered in the image');
    draft.notes.about('a link that was altered, and kept so', old.path);
  }
}

function leadsIntoPackage({ draft, input, replayed }: FilesOf, path: string): boolean {
  const target = draft.image.view.resolve(path);
  if (!target.found) return false;
  const source = replayed.installed.source.name;
  return input.database.ownersOf(target.entry.path).some((owner) => owner.source.name === source);
}

/** Plans a file that only the old architecture's package has. */
export async function planOldOnly(of: OldFilesOf, old: OldFile): Promise<void> {
  const { draft, input, record } = of;
  const { installed } = record;
  const { entry: there } = old;
  if (there === undefined || !draft.isOpen(there)) return;
  const why = `only the package for ${draft.image.source.architecture} has it`;
  const isOurs = input.database.ownersOf(old.path).every((owner) => owner === installed);
  // A configuration file that this version no longer has is the owner's.
  if (!isOurs || record.conffile(old.listed)?.obsolete === true) return;
  if (there.entry.kind === 'symlink') {
    draft.plan(old.path, { action: 'drop', why });
    return;
  }
  if (there.entry.kind !== 'file') return;
  const alteration = await record.alterationOf(old.listed, there.entry);
  if (alteration === 'unaltered') {
    draft.plan(old.path, { action: 'drop', why });
    if (hasForeignCode(draft, there.entry))
      draft.notes.about(`${installed.name} has no such program or library on the new architecture`, old.path);
  } else if (hasForeignCode(draft, there.entry)) refuseAltered(of, old, alteration);
  else {
    draft.plan(old.path, { action: 'keep', why: whyKept[alteration] });
    draft.notes.about(`${alteration === 'altered' ? 'altered' : 'perhaps altered'}, and kept so`, old.path);
  }
}

/** Adds what only the new package has, with its own owner, mode and time. */
export function addFile(of: FilesOf, { place, file }: NewFile, why: string): void {
  const { draft, layer } = of;
  const { mode, uid, gid, mtime, xattrs } = file;
  const facts = { path: place, why, uid, gid, mtime, ...(xattrs === undefined ? {} : { xattrs }) };
  const content = contentOf(of, file);
  if (file.kind === 'symlink') {
    const linkName = file.linkName ?? '';
    draft.add({ kind: 'symlink', linkName, origin: labelOf(of), ...facts }, layer);
  } else if (content !== undefined) draft.add({ kind: 'file', mode, ...content, ...facts }, layer);
  else draft.notes.about(`not added, for it is a ${file.kind}`, place);
}

export function hasForeignCode({ image }: Draft, { facts }: LayerEntry): boolean {
  return facts !== undefined && foreignCodeIn(facts, image.target).length > 0;
}

/** `libz1 1:1.2.13-1 (arm64)`. */
export function labelOf({ replayed }: Pick<FilesOf, 'replayed'>): string {
  const { name, version, architecture } = replayed.stored.control;
  return `${name} ${version} (${architecture})`;
}

function refuseAltered(
  { draft, input, record }: OldFilesOf,
  { path }: OldFile,
  how: 'altered' | 'unknown',
): void {
  const { name, version } = record.installed;
  const isUnknown = how === 'unknown';
  draft.refuse({
    path,
    kind: 'altered',
    ...(isUnknown ? { undetermined: true } : {}),
    guess: `${input.ecosystem ?? 'debian'}: ${name} ${version}`,
    why: isUnknown
      ? `it is of the package ${name}, but whether it is as the package has it can't be told: neither the image nor a source has its sum`
      : `it is of the package ${name}, but not as the package has it`,
    lift: `Reinstall ${name} in the image, or name a file for it with --replace /${path}=FILE.`,
    waivable: true,
  });
}

export function refuseCounterpart({ draft, input, replayed }: FilesOf, path: string, why: string): void {
  const { name, version } = replayed.stored.control;
  draft.refuse({
    path,
    kind: 'counterpart',
    guess: `${input.ecosystem ?? 'debian'}: ${name} ${version}`,
    why: `the package ${name} ${version} can't give its counterpart: ${why}`,
    lift: `Name a file for it with --replace /${path}=FILE.`,
    waivable: true,
  });
}
