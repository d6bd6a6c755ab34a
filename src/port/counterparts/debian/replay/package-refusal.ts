import { messageOf } from '../../../../core/index.ts';
import type { Refusal } from '../../../origin-types.ts';
import type { CounterpartResult } from '../counterparts/index.ts';
import type { InstalledPackage } from '../database/index.ts';
import { DebianError } from '../errors.ts';

const replaceAll = 'Files named for all of its programs with --replace do as well.';

/** A package without a counterpart, as a refusal of the whole package. */
export function packageRefusal(result: Exclude<CounterpartResult, { kind: 'found' }>): Refusal {
  const { package: installed, text, hint } = result;
  return {
    kind: 'package',
    ...(result.kind === 'unknown' ? { undetermined: true } : {}),
    guess: guessOf(installed),
    why: text,
    lift: `${hint ?? liftOf(installed, result.kind === 'refused' && result.offered.length > 0)} ${replaceAll}`,
    waivable: false,
  };
}

function liftOf({ name }: InstalledPackage, isOffered: boolean): string {
  const upgrade = isOffered ? 'take another version with --allow-upgrade, ' : '';
  return `Name a mirror or snapshot that has it, ${upgrade}or remove ${name} from the image.`;
}

/** A package that was found, but can't be had or read. @throws what is no DebianError. */
export function storeRefusal(installed: InstalledPackage, error: unknown): Refusal {
  if (!(error instanceof DebianError)) throw error;
  const isWrong = error.code === 'DEBIAN_HASH' || error.code === 'DEBIAN_MALFORMED';
  return {
    kind: 'package',
    ...(isWrong ? {} : { undetermined: true }),
    guess: guessOf(installed),
    why: `the counterpart of ${installed.name} can't be used: ${messageOf(error)}`,
    lift: `${error.hint ?? 'Name another mirror that has it.'} ${replaceAll}`,
    waivable: false,
  };
}

export function guessOf({ name, version }: InstalledPackage): string {
  return `debian: ${name} ${version}`;
}
