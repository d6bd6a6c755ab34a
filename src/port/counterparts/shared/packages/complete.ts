import { messageOf } from '../../../../core/index.ts';
import type { Material, Refusal } from '../../../origin-types.ts';
import { isWrong, PackagesError } from './errors.ts';
import type { Manager } from './manager.ts';
import { type NeedingPackage, type UnmetNeed, unmetNeeds } from './needs.ts';
import type { FetchedPackage, InstalledPackage, OfferedPackage } from './types.ts';

/** What packages need on the new architecture, and the image lacks. */
export interface Needs<N> {
  readonly added: readonly N[];
  readonly materials: readonly Material[];
  readonly refusals: readonly Refusal[];
  readonly notes: readonly string[];
}

/** More than that are missing for another reason. */
const maxAdded = 200;

/**
 * Finds the packages that `now` needs for the new architecture and lacks, but for what the image did without before.
 * @throws the signal's reason.
 */
export async function completed<
  P extends InstalledPackage,
  O extends OfferedPackage,
  N extends FetchedPackage,
>(manager: Manager<P, O, N>, now: readonly (P | N)[], signal: AbortSignal | undefined): Promise<Needs<N>> {
  const { database, ecosystem, names } = manager;
  const isFileBefore = (path: string): boolean => database.ownersOf(path).length > 0;
  const before = new Set(unmetNeeds(database.packages, isFileBefore).map(({ by, need }) => `${by} ${need}`));
  const added: { readonly stored: N; readonly neededBy: string }[] = [];
  const refusals: Refusal[] = [];
  const given = filesOf(now);
  const open = (): readonly UnmetNeed[] => {
    const all: NeedingPackage[] = [...now, ...added.map(({ stored }) => stored)];
    for (const { stored } of added) for (const { path } of stored.files) given.add(path);
    return unmetNeeds(all, (path) => given.has(path)).filter(({ by, need }) => !before.has(`${by} ${need}`));
  };
  for (let left = open(); left.length > 0; left = open()) {
    signal?.throwIfAborted();
    const [first] = left;
    if (first === undefined) break;
    const offers = added.length >= maxAdded ? undefined : await manager.offersFor(first.need);
    const offer = offers?.candidates.find(({ name }) => !added.some(({ stored }) => stored.name === name));
    if (offer === undefined) {
      refusals.push(...left.map((one) => needRefusal(one, ecosystem, offers?.isUnknown ?? true)));
      break;
    }
    try {
      const stored = await manager.fetch(offer);
      added.push({ stored, neededBy: first.by });
      const script = scriptRefusal(stored, first.by, ecosystem);
      if (script !== undefined) refusals.push(script);
    } catch (error) {
      if (!(error instanceof PackagesError)) throw error;
      refusals.push(fetchRefusal(first, error, ecosystem));
      break;
    }
  }
  return {
    added: added.map(({ stored }) => stored),
    materials: added.map(({ stored: { material }, neededBy }) => ({
      ...material,
      notes: [`added, as ${neededBy} needs it on ${names.target}`, ...(material.notes ?? [])],
    })),
    refusals,
    notes: added.map(
      ({ stored: { control }, neededBy }) =>
        `${control.name} ${control.version} is added: ${neededBy} needs it on ${names.target}`,
    ),
  };
}

function filesOf(
  packages: readonly { readonly files?: readonly { readonly path: string }[] }[],
): Set<string> {
  return new Set(packages.flatMap(({ files = [] }) => files.map(({ path }) => path)));
}

function needRefusal({ by, need }: UnmetNeed, ecosystem: string, isUnknown: boolean): Refusal {
  return {
    kind: 'package',
    ...(isUnknown ? { undetermined: true } : {}),
    guess: `${ecosystem}: ${by}`,
    why: `on the new architecture, ${by} needs ${need}, which the image lacks and ${isUnknown ? 'not every repository could be asked for' : 'no repository has'}`,
    lift: 'Name a mirror that has it.',
    waivable: false,
  };
}

function fetchRefusal({ by, need }: UnmetNeed, error: PackagesError, ecosystem: string): Refusal {
  return {
    kind: 'package',
    ...(isWrong(error) ? {} : { undetermined: true }),
    guess: `${ecosystem}: ${by}`,
    why: `on the new architecture, ${by} needs ${need}, and its package can't be used: ${messageOf(error)}`,
    lift: error.hint ?? 'Name another mirror that has it.',
    waivable: false,
  };
}

/** Scripts of packages that are in the image have run; those of a new one can't be run. */
function scriptRefusal(
  { control, scripts }: FetchedPackage,
  neededBy: string,
  ecosystem: string,
): Refusal | undefined {
  const [script] = scripts;
  if (script === undefined) return undefined;
  const { name, version } = control;
  return {
    kind: 'package',
    guess: `${ecosystem}: ${name} ${version}`,
    why: `on the new architecture, ${neededBy} needs ${name}, which the image lacks: its ${script} script would have to run`,
    lift: `Take ${neededBy} out of the image, or install it on the new architecture.`,
    waivable: false,
  };
}
