import { compareText } from '../../../core/index.ts';
import { parseConfig } from '../../../oci/index.ts';
import { compareAccounts } from './accounts.ts';
import {
  compareCertificates,
  compareLayout,
  compareLibc,
  compareReleases,
  compareSearchPaths,
  compareShells,
} from './contract.ts';
import { comparePackages } from './packages.ts';
import type { Comparison, ParityDifference, ParityOptions, ParityReport, ParitySide } from './types.ts';

/**
 * Compares a base with the image that takes its place on the target platform: packages and release unless both are from
 * one index, and in any case what layers above rely on: users and groups, shells, certificates, links among the
 * directories, libc, PATH.
 * @throws DocumentError for a config that can't be read.
 */
export function checkParity(
  old: ParitySide,
  sibling: ParitySide,
  { allowNewer = true }: ParityOptions = {},
): ParityReport {
  const exact = old.indexDigest !== undefined && old.indexDigest === sibling.indexDigest;
  const compared = compare(old, sibling, exact);
  const differences = compared.flatMap((comparison) => comparison.differences).sort(byKind);
  const uncompared = compared.flatMap((comparison) => comparison.uncompared ?? []);
  const verdict = verdictOf(differences, uncompared.length > 0);
  const acceptable = exact || verdict === 'equal' || (verdict === 'newer-patch' && allowNewer);
  return { verdict, exact, acceptable, differences, uncompared };
}

function compare(old: ParitySide, sibling: ParitySide, exact: boolean): readonly Comparison[] {
  const views = [old.view, sibling.view] as const;
  const contract = [
    compareLibc(views),
    compareAccounts(views),
    compareShells(views),
    compareCertificates(views),
    compareLayout(views),
    compareSearchPaths([old, sibling]),
  ];
  if (exact) return contract;
  const architectures = [architectureOf(old), architectureOf(sibling)] as const;
  return [compareReleases(views), comparePackages(views, architectures), ...contract];
}

function architectureOf({ config }: ParitySide): string {
  return parseConfig(config).platform?.architecture ?? 'unknown';
}

function verdictOf(differences: readonly ParityDifference[], isUncompared: boolean): ParityReport['verdict'] {
  if (differences.some(({ weight }) => weight === 'different')) return 'different';
  if (isUncompared) return 'unknown';
  return differences.some(({ weight }) => weight === 'newer') ? 'newer-patch' : 'equal';
}

function byKind(left: ParityDifference, right: ParityDifference): number {
  return compareText(left.kind, right.kind) || compareText(left.name, right.name);
}
