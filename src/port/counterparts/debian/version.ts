/** A version number, `[epoch:]upstream[-revision]` (Debian Policy 5.6.12). */
export interface DebianVersion {
  readonly epoch: number;
  readonly upstream: string;
  /** Empty where there is none, which compares as `0`. */
  readonly revision: string;
}

/** As dpkg bounds it. */
const maxEpoch = 2 ** 31 - 1;

/**
 * Reads a version as dpkg does: the epoch ends at the first colon, the revision begins after the last hyphen, the upstream
 * part starts with a digit. `undefined` where it's no version.
 */
export function parseVersion(text: string): DebianVersion | undefined {
  const match = /^(?:([0-9]{1,10}):)?([0-9][A-Za-z0-9.+:~-]*)$/.exec(text);
  if (match === null || text.length > 4096) return undefined;
  const [, epochText = '0', rest = ''] = match;
  const epoch = Number(epochText);
  const hyphen = rest.lastIndexOf('-');
  const upstream = hyphen < 0 ? rest : rest.slice(0, hyphen);
  const revision = hyphen < 0 ? '' : rest.slice(hyphen + 1);
  // A colon may stand in the upstream part only, and only behind an epoch, as it would end one otherwise.
  const isWhole = upstream !== '' && (hyphen < 0 || revision !== '') && !revision.includes(':');
  const isColonClear = match[1] !== undefined || !upstream.includes(':');
  return isWhole && isColonClear && epoch <= maxEpoch ? { epoch, upstream, revision } : undefined;
}

/** Negative, zero or positive, as `dpkg --compare-versions` orders them. */
export function compareVersions(left: DebianVersion, right: DebianVersion): number {
  return (
    left.epoch - right.epoch ||
    comparePart(left.upstream, right.upstream) ||
    comparePart(left.revision, right.revision)
  );
}

/** Runs of other characters and runs of digits by turns, from the left; digits as numbers. */
function comparePart(left: string, right: string): number {
  let [leftAt, rightAt] = [0, 0];
  while (leftAt < left.length || rightAt < right.length) {
    while (isOther(left, leftAt) || isOther(right, rightAt)) {
      const difference = weight(left, leftAt) - weight(right, rightAt);
      if (difference !== 0) return difference;
      leftAt += 1;
      rightAt += 1;
    }
    const [leftDigits, rightDigits] = [digitsAt(left, leftAt), digitsAt(right, rightAt)];
    const difference = compareDigits(leftDigits, rightDigits);
    if (difference !== 0) return difference;
    leftAt += leftDigits.length;
    rightAt += rightDigits.length;
  }
  return 0;
}

function isOther(text: string, at: number): boolean {
  return at < text.length && !isDigit(text.charCodeAt(at));
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** The tilde comes before the end, the end and digits before letters, letters before everything else. */
function weight(text: string, at: number): number {
  if (!isOther(text, at)) return 0;
  const code = text.charCodeAt(at);
  if (code === 0x7e) return -1;
  const isLetter = (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a);
  return isLetter ? code : code + 256;
}

function digitsAt(text: string, start: number): string {
  let end = start;
  while (end < text.length && isDigit(text.charCodeAt(end))) end += 1;
  return text.slice(start, end);
}

/** Of any length: not as numbers, which lose digits. */
function compareDigits(left: string, right: string): number {
  const [first, second] = [withoutZeros(left), withoutZeros(right)];
  if (first.length !== second.length) return first.length - second.length;
  return first < second ? -1 : first > second ? 1 : 0;
}

function withoutZeros(digits: string): string {
  let start = 0;
  while (digits.charCodeAt(start) === 0x30) start += 1;
  return digits.slice(start);
}

/**
 * The version without the suffix of a binary-only rebuild, `+bN` (Debian Developer's Reference 5.10.2.1): the architectures of
 * one source version may be rebuilt at different times.
 */
export function withoutRebuild(version: string): string {
  return version.replace(/\+b[0-9]{1,6}$/, '');
}
