import { compare, minVersion, Range, type SemVer, satisfies, parse as semverParse, subset } from 'semver';

/** A version as tags write them, brought into semver's form. */
export interface Version {
  /** `1.27.0` of `v1.27-alpine`; of four numbers the first three. */
  readonly semver: SemVer;
  /** How many numbers were written: `1.27` names the newest 1.27, not 1.27.0. */
  readonly numbers: number;
  /** The fourth number; 0 where there is none. */
  readonly fourth: number;
  /** What else the tag says: `alpine`, `distroless`. */
  readonly variant?: string;
}

const shape =
  /^v?(\d{1,9})(?:\.(\d{1,9}))?(?:\.(\d{1,9}))?(?:\.(\d{1,9}))?(?:([-_+.]?)([A-Za-z\d][\w.+-]{0,100}))?$/;
const prereleaseWord =
  /^(alpha|beta|rc|pre|preview|dev|snapshot|nightly|canary|edge|unstable|m)(?=$|[\d.-])/i;
/** A tag of no version that names a development build. */
const developmentTag =
  /(?:^|[-_.])(alpha|beta|rc|pre|preview|dev|devel|development|snapshot|nightly|canary|edge|unstable|master|main|next|testing)(?:$|[-_.\d])/i;
const greatest = 999_999_999;

/** Reads a version or a tag made of one; `undefined` for what is none, such as `latest`. */
export function readVersion(text: string): Version | undefined {
  const match = text.length > 128 ? null : shape.exec(text);
  if (match === null) return undefined;
  const [, major, minor, patch, fourth, separator = '', rest = ''] = match;
  const given = [major, minor, patch, fourth].filter((part) => part !== undefined).map(Number);
  // More numbers than four, a commit's hexadecimal digits, or a date with hyphens.
  if (separator === '.' && /^\d/.test(rest)) return undefined;
  if (separator === '' && rest !== '' && !prereleaseWord.test(rest)) return undefined;
  if (given.length === 1 && /^\d/.test(rest)) return undefined;
  const { prerelease, variant } = readSuffix(rest);
  const [first = 0, second = 0, third = 0, last = 0] = given;
  const semver = semverParse(`${first}.${second}.${third}${prerelease === '' ? '' : `-${prerelease}`}`);
  if (semver === null) return undefined;
  return { semver, numbers: given.length, fourth: last, ...(variant === '' ? {} : { variant }) };
}

/** `rc1-alpine`: what semver has to know of it, so that rc.10 follows rc.9, and the rest. */
function readSuffix(text: string): { readonly prerelease: string; readonly variant: string } {
  const [first = '', ...others] = text.split(/[-_+]/);
  if (!prereleaseWord.test(first)) return { prerelease: '', variant: text };
  const identifiers = first
    .toLowerCase()
    .split('.')
    .flatMap((part) => part.match(/[a-z]+|\d+/g) ?? [])
    .map((part) => part.replace(/^0+(?=\d)/, ''));
  const number =
    others[0] !== undefined && /^\d{1,9}$/.test(others[0]) ? [String(Number(others.shift()))] : [];
  return { prerelease: [...identifiers, ...number].join('.'), variant: others.join('-') };
}

export function compareVersions(left: Version, right: Version): number {
  return compare(left.semver, right.semver) || left.fourth - right.fourth;
}

/** An alpha, a release candidate, a nightly build. */
export function isPrerelease(version: Version): boolean {
  return version.semver.prerelease.length > 0;
}

export function isDevelopmentTag(tag: string): boolean {
  return developmentTag.test(tag);
}

/** Is the version in the range? `undefined` where it says too little: `1.27` in `>=1.27.3`. */
export function isInRange(version: Version, range: string): boolean | undefined {
  const least = within(version.semver.version, range);
  if (version.numbers >= 3 || isPrerelease(version)) return least;
  const { major, minor } = version.semver;
  const most = within(
    version.numbers === 2 ? `${major}.${minor}.${greatest}` : `${major}.${greatest}.0`,
    range,
  );
  return least === most ? least : undefined;
}

function within(version: string, range: string): boolean {
  return satisfies(version, range, { includePrerelease: true });
}

/** The least version of a range. */
export function rangeStart(range: string): Version | undefined {
  const least = minVersion(range);
  return least === null ? undefined : readVersion(least.version);
}

/** What is asked about: the product as it is now, one version of it, or several. */
export type Scope =
  | { readonly of: 'now' }
  | { readonly of: 'version'; readonly version: Version; readonly text: string }
  | { readonly of: 'range'; readonly range: string };

/** Reads what follows `PRODUCT@`: a version, or a range of them; `undefined` for what is neither. */
export function readScope(text: string | undefined): Scope | undefined {
  if (text === undefined) return { of: 'now' };
  const version = readVersion(text);
  // `1.15` alone means all of 1.15, as a range has it.
  if (version !== undefined && version.numbers >= 3) return { of: 'version', version, text };
  try {
    return text.trim() === ''
      ? undefined
      : { of: 'range', range: new Range(text.replace(/^v(?=\d)/, '')).range };
  } catch {
    return version === undefined ? undefined : { of: 'version', version, text };
  }
}

/** Does what is said of a range hold for all that's asked about? What has no range is said of every version. */
export function covers(range: string | undefined, scope: Scope): boolean {
  if (range === undefined) return true;
  switch (scope.of) {
    case 'now':
      return within(`${greatest}.0.0`, range);
    case 'version':
      return isInRange(scope.version, range) === true;
    case 'range':
      return subset(scope.range, range, { includePrerelease: true });
  }
}

/** Is a tag of this version among what's asked about? Tags of no version are so only of the present. */
export function isAskedFor(version: Version | undefined, scope: Scope): boolean {
  if (scope.of === 'now') return true;
  if (version === undefined) return false;
  if (scope.of === 'range') return isInRange(version, scope.range) === true;
  return version.numbers >= scope.version.numbers && compareVersions(version, scope.version) === 0;
}
