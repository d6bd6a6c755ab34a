import type { MergedView } from '../../../../layer/index.ts';
import type { PortImage, Refusal } from '../../../origin-types.ts';
import { basesOf } from '../../shared/packages/bases.ts';
import { NameIndex } from '../../shared/replay/standings.ts';
import { type InstalledPackage, readDatabase } from '../database/index.ts';
import { imageFolder } from '../image-text.ts';
import { guessOf } from './package-refusal.ts';
import type { DebianNames, ReplayInput } from './types.ts';

/** What an image has of packages, and which of them need a counterpart. */
export interface Selection extends Pick<ReplayInput, 'database' | 'bases'> {
  readonly wanted: readonly InstalledPackage[];
}

export type Selecting =
  | { readonly kind: 'none' }
  | { readonly kind: 'refused'; readonly refusals: readonly Refusal[] }
  | ({ readonly kind: 'selected' } & Selection);

/** Reads the databases of the image, its base and the base's sibling. */
export function selectPackages(image: PortImage, names: DebianNames): Selecting {
  const reading = readDatabase(image.view);
  if (reading.kind === 'none') return { kind: 'none' };
  if (reading.kind === 'unreadable') return refused(unreadable(reading));
  const { database } = reading;
  const { nativeArchitecture: native } = database;
  if (native !== undefined && native !== names.source && native !== names.target)
    return refused({
      kind: 'image',
      why: `its packages are for ${native}, though it's an image for ${names.source}`,
      lift: 'Name the platform that the image is for with --from.',
      waivable: false,
    });
  const unfinished = unfinishedChanges(image.view);
  if (unfinished !== undefined) return refused(unfinished);
  const bases = basesOfImage(image);
  if (bases !== undefined && 'kind' in bases) return refused(bases);
  const old = bases && new NameIndex(bases.old);
  const wanted = database.packages.filter(
    (one) =>
      one.state !== 'config-files' &&
      one.architecture !== 'all' &&
      one.architecture !== names.target &&
      old?.unchanged(one) === undefined,
  );
  return { kind: 'selected', database, wanted, ...(bases === undefined ? {} : { bases }) };
}

function refused(...refusals: readonly Refusal[]): Selecting {
  return { kind: 'refused', refusals };
}

function unreadable({ path, text }: { readonly path: string; readonly text: string }): Refusal {
  return {
    path,
    kind: 'package',
    undetermined: true,
    why: `which packages it has can't be told: ${text}`,
    lift: 'Repair the package database in the image.',
    waivable: false,
  };
}

/** dpkg writes changes here first, and into its record when it ends well. */
function unfinishedChanges(view: MergedView): Refusal | undefined {
  const left = imageFolder(view, 'var/lib/dpkg/updates').find(({ path }) => /\/[0-9]{4,}$/.test(path));
  return (
    left &&
    unreadable({
      path: left.path,
      text: 'dpkg was stopped in its work, and its last changes are in no record yet',
    })
  );
}

function basesOfImage({ baseLayers, oldBase, newBase }: PortImage): ReplayInput['bases'] | Refusal {
  if (baseLayers === 0) return undefined;
  const readings = { old: readDatabase(oldBase), now: readDatabase(newBase) };
  return basesOf(readings, 'the old base has packages of Debian, and the new one has none');
}

/** A package of which the image doesn't say what files it has. */
export function unlisted(installed: InstalledPackage): Refusal | undefined {
  if (installed.files !== undefined) return undefined;
  return {
    kind: 'package',
    undetermined: true,
    guess: guessOf(installed),
    why: `which files ${installed.name} has can't be told: its list is missing from the package database`,
    lift: `Reinstall ${installed.name} in the image, or keep var/lib/dpkg/info.`,
    waivable: false,
  };
}
