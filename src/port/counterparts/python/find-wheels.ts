import { redact } from '../../../core/index.ts';
import type { Fetch } from '../../fetch/index.ts';
import type { OriginContext, PortImage } from '../../origin-types.ts';
import { chooseTarget, type OfferedWheel, sourceCandidates, wheelsOf } from './choose.ts';
import type { Distribution } from './installed/types.ts';
import type { PythonLimits } from './limits.ts';
import type { RefusedWhy } from './refusals.ts';
import { differenceFrom } from './replay/verify-source.ts';
import { type ProjectFile, readProject } from './simple-index/index.ts';
import { machineOf, tagsFor } from './tags.ts';
import {
  openWheel,
  readWheel,
  type StoredWheel,
  type Wheel,
  type WheelFile,
  type WheelStore,
} from './wheel/index.ts';

export interface FindParts {
  readonly indexes: readonly string[];
  readonly store: WheelStore;
  readonly fetch: Fetch;
  readonly limits: PythonLimits;
  readonly context: OriginContext;
  readonly image: PortImage;
  readonly glibc: readonly [number, number] | undefined;
  /** Wheels that were read through, by their sum: several installations may be of one. */
  readonly read: Map<string, Promise<ReadonlyMap<string, WheelFile>>>;
}

export type FoundWheels =
  | {
      readonly kind: 'found';
      readonly source: Wheel;
      readonly target: Wheel;
      /** Of the target, by path in it. */
      readonly files: ReadonlyMap<string, WheelFile>;
      readonly offered: OfferedWheel;
      readonly stored: StoredWheel;
      readonly notes: readonly string[];
    }
  | { readonly kind: 'refused'; readonly refused: RefusedWhy };

/**
 * Finds the wheel that a distribution was installed from, by what is in it, and on the same index the one for the new
 * machine: so that a name alone never decides what is taken.
 * @throws PythonError, FetchError, the signal's reason.
 */
export async function findWheels(installed: Distribution, parts: FindParts): Promise<FoundWheels> {
  const { image, indexes } = parts;
  const machine = machineOf(image.target.architecture);
  const offers: (readonly OfferedWheel[])[] = [];
  for (const index of indexes) {
    const page = await pageOf(index, installed, parts);
    if (page === undefined) continue;
    const wheels = wheelsOf(page, installed);
    offers.push(wheels);
    const source = await sourceAmong(wheels, installed, parts);
    if (source !== undefined) return targetFor(source, wheels, { installed, parts });
  }
  return refusal(unknownSource(installed, { indexes, offers, machine }));
}

function pageOf(
  index: string,
  { name }: Distribution,
  { fetch, limits, context: { clock, signal } }: FindParts,
): Promise<readonly ProjectFile[] | undefined> {
  return readProject(index, name, { fetch, limits, clock, signal });
}

async function sourceAmong(
  wheels: readonly OfferedWheel[],
  installed: Distribution,
  parts: FindParts,
): Promise<Wheel | undefined> {
  const machine = machineOf(parts.image.source.architecture);
  const candidates = sourceCandidates(wheels, installed.tags, machine).slice(0, parts.limits.candidates);
  for (const offered of candidates) {
    if (offered.sha256 === undefined) continue;
    const { wheel } = await opened({ ...offered, sha256: offered.sha256 }, parts);
    if (differenceFrom(installed, wheel) === undefined) return wheel;
  }
  return undefined;
}

async function opened(
  offered: OfferedWheel & { readonly sha256: string },
  { store, limits, context: { signal } }: FindParts,
): Promise<{ readonly wheel: Wheel; readonly stored: StoredWheel }> {
  const stored = await store.get(offered);
  return { stored, wheel: await openWheel(stored.file, offered.name, { limits, signal }) };
}

async function targetFor(
  source: Wheel,
  wheels: readonly OfferedWheel[],
  { installed, parts }: { readonly installed: Distribution; readonly parts: FindParts },
): Promise<FoundWheels> {
  const { name, version } = installed;
  const machine = machineOf(parts.image.target.architecture);
  const choice = chooseTarget(wheels, { machine, source: source.name, glibc: parts.glibc });
  if (choice.kind === 'none')
    return refusal({
      kind: 'no-counterpart',
      why: `the index that ${name} ${version} is from has no wheel of that version for ${machine} that its Python takes`,
      lift: `Take a version of ${name} that has one, or build the image for the platform from source.`,
    });
  if (choice.kind === 'too-new')
    return refusal({
      kind: 'no-counterpart',
      why: `${choice.wheel.file} needs glibc ${choice.floor}, and the new image has ${parts.glibc?.join('.')}`,
      lift: `Take a newer base with --base, or a version of ${name} that runs on older systems.`,
    });
  const { wheel: offered, notes } = choice;
  const { sha256 } = offered;
  if (sha256 === undefined)
    return refusal({
      kind: 'counterpart',
      why: `the index gives no SHA-256 of ${offered.file}, so that nobody could tell whether it's the right one`,
      lift: 'Name an index that gives one, with --python-index.',
    });
  const { wheel, stored } = await opened({ ...offered, sha256 }, parts);
  const { read, limits, context } = parts;
  const reading = read.get(sha256) ?? readWheel(wheel, { limits, signal: context.signal });
  read.set(sha256, reading);
  return { kind: 'found', source, target: wheel, files: await reading, offered, stored, notes };
}

function unknownSource(
  { name, version }: Distribution,
  {
    indexes,
    offers,
    machine,
  }: {
    readonly indexes: readonly string[];
    readonly offers: readonly (readonly OfferedWheel[])[];
    readonly machine: string;
  },
): RefusedWhy {
  const where = indexes.map((index) => redact(index)).join(' and ');
  const all = offers.flat();
  if (all.length === 0)
    return {
      kind: 'package',
      why: `${where} has no wheel of ${name} ${version}`,
      lift: `Name the index that it is from with --python-index, or build the image for the platform from source.`,
    };
  const forTarget = all.find(({ name: { tags } }) => tagsFor(tags, machine).length > 0);
  const hint =
    forTarget === undefined
      ? `there is none for ${machine} either: build the image for the platform from source.`
      : `there is ${forTarget.file}: install ${name} from its wheels (pip's --only-binary), and port the image then.`;
  return {
    kind: 'package',
    why: `${name} ${version} is not as any wheel of ${where} has it: it was built on a machine, or is from elsewhere`,
    lift: `Name the index that it is from with --python-index; ${hint}`,
  };
}

function refusal(refused: RefusedWhy): FoundWheels {
  return { kind: 'refused', refused };
}
