import semver from 'semver';
import { ExportError } from './errors.ts';

/**
 * A range as the script's awk reads it: comparators such as `>=20.10.0.2`, with a bar between alternatives. The fourth number
 * is 2 for a release, 1 for what comes before it (`-rc.1`), 0 for the first of all that do (`-0`, as semver makes it of `^1`).
 */
export function shellRange(range: string): string {
  try {
    const { set } = new semver.Range(range, { includePrerelease: true });
    return set
      .map((comparators) =>
        comparators
          .map(comparatorOf)
          .filter((text) => text !== '')
          .join(' '),
      )
      .join(' | ');
  } catch (cause) {
    throw new ExportError('NOT_EXPORTABLE', `"${range.slice(0, 100)}" is no range of versions`, { cause });
  }
}

function comparatorOf({ operator, semver: version }: semver.Comparator): string {
  // Any version at all has no numbers.
  if (typeof version.major !== 'number') return '';
  const { major, minor, patch, prerelease } = version;
  const rank = prerelease.length === 0 ? 2 : prerelease.length === 1 && prerelease[0] === 0 ? 0 : 1;
  return `${operator === '' ? '=' : operator}${[major, minor, patch, rank].join('.')}`;
}
