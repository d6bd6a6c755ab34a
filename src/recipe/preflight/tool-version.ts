import semver from 'semver';

/** Of what a program prints, that much is looked at. */
const maxOutput = 8192;

/**
 * The first version in what a program printed, `MAJOR.MINOR[.PATCH]`, as semver has it: `go1.26.8`, `4.3`, `20.10.24+dfsg1`,
 * `2.39.5 (Apple Git-154)`. `-rc1`, `beta2` and the like make it an earlier one than the release. `undefined` where there's
 * none.
 */
export function versionIn(output: string): string | undefined {
  const pattern =
    /(?<![\d.])(\d{1,9})\.(\d{1,9})(?:\.(\d{1,9}))?(?:[.-]?((?:rc|alpha|beta|pre|dev)[.-]?\d{0,9})(?![A-Za-z]))?/;
  const [, major, minor, patch = '0', before] = pattern.exec(output.slice(0, maxOutput)) ?? [];
  if (major === undefined || minor === undefined) return undefined;
  const numbers = [major, minor, patch].map(Number).join('.');
  const version =
    before === undefined ? numbers : `${numbers}-${before.replaceAll(/[.-]+/g, '.').replace(/\.$/, '')}`;
  return semver.valid(version) ?? undefined;
}

/** Is the version in the range? */
export function versionSatisfies(version: string, range: string): boolean {
  return semver.satisfies(version, range, { includePrerelease: true });
}
