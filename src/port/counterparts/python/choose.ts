import { versionKey } from './names.ts';
import type { ProjectFile } from './simple-index/index.ts';
import { parsePlatform, parseWheelName, tagsFor, type WheelName, type WheelTag } from './tags.ts';

/** A wheel that an index offers. */
export interface OfferedWheel extends ProjectFile {
  readonly name: WheelName;
}

/** The wheels of one version among a project's files. */
export function wheelsOf(
  files: readonly ProjectFile[],
  { name, version }: { readonly name: string; readonly version: string },
): readonly OfferedWheel[] {
  return files.flatMap((one) => {
    const parsed = parseWheelName(one.file);
    const isIt = parsed?.name === name && versionKey(parsed.version) === versionKey(version);
    return isIt ? [{ ...one, name: parsed }] : [];
  });
}

/**
 * The wheels that what is installed may come from, likeliest first: for the same Python and the old machine. A wheel's own
 * file may say less of the platform than its name does, so that the name alone doesn't rule one out.
 */
export function sourceCandidates(
  wheels: readonly OfferedWheel[],
  installed: readonly WheelTag[],
  machine: string,
): readonly OfferedWheel[] {
  const pythons = new Set(installed.map(pythonOf));
  const exact = new Set(installed.map((tag) => `${pythonOf(tag)}-${tag.platform}`));
  const score = ({ name }: OfferedWheel): number =>
    name.tags.filter((tag) => exact.has(`${pythonOf(tag)}-${tag.platform}`)).length;
  return wheels
    .filter(({ name }) => tagsFor(name.tags, machine).some((tag) => pythons.has(pythonOf(tag))))
    .sort((left, right) => score(right) - score(left));
}

export interface TargetOptions {
  /** Python's name of the new machine: `aarch64`. */
  readonly machine: string;
  /** The wheel that is installed. */
  readonly source: WheelName;
  /** The C library of the new image, where it's known. */
  readonly glibc?: readonly [major: number, minor: number] | undefined;
}

export type TargetChoice =
  | { readonly kind: 'found'; readonly wheel: OfferedWheel; readonly notes: readonly string[] }
  /** There are such wheels, for newer C libraries. */
  | { readonly kind: 'too-new'; readonly wheel: OfferedWheel; readonly floor: string }
  | { readonly kind: 'none' };

interface Candidate {
  readonly wheel: OfferedWheel;
  readonly rank: number;
  readonly floor: readonly [number, number] | undefined;
  readonly isSameBuild: boolean;
}

/** The wheel for the new machine that takes the place of the installed one: as like to it as there is. */
export function chooseTarget(wheels: readonly OfferedWheel[], options: TargetOptions): TargetChoice {
  const all = wheels
    .flatMap((wheel) => candidatesOf(wheel, options))
    .sort(byLikeness(options.source, options.machine));
  const [found] = all.filter(({ floor }) => !isAbove(floor, options.glibc));
  if (found !== undefined)
    return { kind: 'found', wheel: found.wheel, notes: notesOn(found, options.source) };
  const [first] = all;
  return first === undefined
    ? { kind: 'none' }
    : { kind: 'too-new', wheel: first.wheel, floor: (first.floor ?? []).join('.') };
}

function candidatesOf(wheel: OfferedWheel, { machine, source }: TargetOptions): readonly Candidate[] {
  const pairs = new Set(source.tags.map(pythonOf));
  const libc = libcOf(source);
  return wheel.name.tags.flatMap((tag): readonly Candidate[] => {
    const platform = parsePlatform(tag.platform);
    const likeness = likenessOf(tag, pairs);
    if (likeness === undefined || platform.kind === 'other') return [];
    const isSameBuild = wheel.name.build === source.build;
    if (platform.kind === 'any') return [{ wheel, rank: likeness + 10, floor: undefined, isSameBuild }];
    if (platform.machine !== machine) return [];
    const isSameLibc = libc === 'unknown' || platform.libc === 'unknown' || platform.libc === libc;
    if (!isSameLibc) return [];
    const floor = platform.libc === 'glibc' ? platform.floor : undefined;
    return [{ wheel, rank: likeness, floor, isSameBuild }];
  });
}

/** 0 for the same Python and ABI; more for what the same interpreter takes too; `undefined` for what it doesn't. */
function likenessOf(tag: WheelTag, pairs: ReadonlySet<string>): number | undefined {
  if (pairs.has(pythonOf(tag))) return 0;
  const minors = [...pairs].flatMap((pair) => /^cp3(\d+)-(?:cp3\d+|abi3)$/.exec(pair)?.[1] ?? []).map(Number);
  const own = Math.max(...minors, -1);
  const [, minor] = /^cp3(\d+)$/.exec(tag.python) ?? [];
  if (tag.abi === 'abi3' && minor !== undefined && Number(minor) <= own) return 1;
  if (tag.abi === 'none' && (tag.python === 'py3' || tag.python === `py3${own}`)) return 2;
  return undefined;
}

function libcOf(source: WheelName): 'glibc' | 'musl' | 'unknown' {
  for (const { platform } of source.tags) {
    const parsed = parsePlatform(platform);
    if (parsed.kind === 'linux' && parsed.libc !== 'unknown') return parsed.libc;
  }
  return 'unknown';
}

function byLikeness(source: WheelName, machine: string): (left: Candidate, right: Candidate) => number {
  const wanted = lowestFloor(source.tags) ?? lowestFloor(tagsFor(source.tags, machine)) ?? 0;
  const distance = ({ floor }: Candidate): number =>
    Math.abs((floor === undefined ? 0 : weight(floor)) - wanted);
  return (left, right) =>
    left.rank - right.rank ||
    Number(right.isSameBuild) - Number(left.isSameBuild) ||
    distance(left) - distance(right) ||
    (left.wheel.file < right.wheel.file ? -1 : 1);
}

function lowestFloor(tags: readonly WheelTag[]): number | undefined {
  const floors = tags.flatMap(({ platform }) => {
    const parsed = parsePlatform(platform);
    return parsed.kind === 'linux' && parsed.floor !== undefined ? [weight(parsed.floor)] : [];
  });
  return floors.length === 0 ? undefined : Math.min(...floors);
}

function weight([major, minor]: readonly [number, number]): number {
  return major * 10_000 + minor;
}

function isAbove(floor: Candidate['floor'], glibc: TargetOptions['glibc']): boolean {
  return floor !== undefined && glibc !== undefined && weight(floor) > weight(glibc);
}

function notesOn({ wheel, rank, isSameBuild }: Candidate, source: WheelName): readonly string[] {
  return [
    ...(rank === 0 ? [] : [`the index has ${wheel.file} in place of ${source.file}, of another kind`]),
    ...(isSameBuild ? [] : [`${wheel.file} and ${source.file} are different builds of one version`]),
    ...(wheel.yanked === undefined ? [] : [yankedNote(wheel, wheel.yanked)]),
  ];
}

function yankedNote({ file }: OfferedWheel, reason: string): string {
  return `${file} was withdrawn from the index${reason === '' ? '' : `: ${reason.slice(0, 200)}`}`;
}

function pythonOf({ python, abi }: WheelTag): string {
  return `${python}-${abi}`;
}
