import { compareText } from '../../../core/index.ts';

/** Compares by number: negative where `left` is older. */
export type CompareVersions = (left: string, right: string) => number;

/** Longer texts are no versions: they are compared as they are. */
const maxLength = 256;

/** Compares as dpkg does: epoch, upstream version, Debian revision (deb-version(7), "Sorting algorithm"). */
export const compareDebian: CompareVersions = (left, right) => {
  if (left.length > maxLength || right.length > maxLength) return compareText(left, right);
  const [a, b] = [splitDebian(left), splitDebian(right)];
  return (
    compareNumbers(a.epoch, b.epoch) ||
    compareParts(a.upstream, b.upstream) ||
    compareParts(a.revision, b.revision)
  );
};

function splitDebian(version: string): { epoch: string; upstream: string; revision: string } {
  const colon = version.indexOf(':');
  const rest = version.slice(colon + 1);
  const hyphen = rest.lastIndexOf('-');
  return {
    epoch: colon < 0 ? '0' : version.slice(0, colon),
    upstream: hyphen < 0 ? rest : rest.slice(0, hyphen),
    revision: hyphen < 0 ? '' : rest.slice(hyphen + 1),
  };
}

/** Text and numbers in turn; a tilde sorts before the end, letters before other characters. */
function compareParts(left: string, right: string): number {
  const [a, b] = [partsOf(left), partsOf(right)];
  for (let at = 0; at < Math.max(a.length, b.length); at += 1) {
    const [one = '', other = ''] = [a[at], b[at]];
    const order = at % 2 === 0 ? compareWords(one, other) : compareNumbers(one || '0', other || '0');
    if (order !== 0) return order;
  }
  return 0;
}

/** Words at even places, numbers at odd ones. */
function partsOf(text: string): string[] {
  return text.split(/([0-9]+)/);
}

function compareWords(left: string, right: string): number {
  for (let at = 0; at < Math.max(left.length, right.length); at += 1) {
    const order = weightOf(left[at]) - weightOf(right[at]);
    if (order !== 0) return order;
  }
  return 0;
}

function weightOf(character: string | undefined): number {
  if (character === undefined) return 0;
  if (character === '~') return -1;
  const code = character.charCodeAt(0);
  return /[A-Za-z]/.test(character) ? code : code + 256;
}

function compareNumbers(left: string, right: string): number {
  const [a, b] = [left.replace(/^0+/, ''), right.replace(/^0+/, '')];
  return a.length - b.length || compareText(a, b);
}

/** apk's suffixes in their order; none stands between `rc` and `cvs` (apk-package(5), "Package version"). */
const suffixes = ['alpha', 'beta', 'pre', 'rc', '', 'cvs', 'svn', 'git', 'hg', 'p'];

/** Compares as apk does: numbers, a letter, suffixes, the build's `-rN`. */
export const compareAlpine: CompareVersions = (left, right) => {
  const [a, b] = [splitAlpine(left), splitAlpine(right)];
  if (a === undefined || b === undefined) return compareText(left, right);
  return (
    compareLists(a.numbers, b.numbers, compareDotted) ||
    compareText(a.letter, b.letter) ||
    compareLists(a.suffixes, b.suffixes, compareSuffixes) ||
    compareNumbers(a.build, b.build)
  );
};

interface AlpineVersion {
  readonly numbers: readonly string[];
  readonly letter: string;
  readonly suffixes: readonly string[];
  readonly build: string;
}

function splitAlpine(version: string): AlpineVersion | undefined {
  if (version.length > maxLength) return undefined;
  const match = /^([0-9]+(?:\.[0-9]+)*)([a-z]?)((?:_[a-z]+[0-9]*)*)(?:~[0-9a-f]+)?(?:-r([0-9]+))?$/.exec(
    version,
  );
  if (match === null) return undefined;
  const [, numbers = '', letter = '', rest = '', build = '0'] = match;
  return { numbers: numbers.split('.'), letter, suffixes: rest.split('_').slice(1), build };
}

function compareLists(
  left: readonly string[],
  right: readonly string[],
  compare: (one: string | undefined, other: string | undefined, place: number) => number,
): number {
  for (let at = 0; at < Math.max(left.length, right.length); at += 1) {
    const order = compare(left[at], right[at], at);
    if (order !== 0) return order;
  }
  return 0;
}

/** After the first, a number with a leading zero is a fraction: 1.05 is before 1.1. */
function compareDotted(one: string | undefined, other: string | undefined, place: number): number {
  if (one === undefined || other === undefined) return one === other ? 0 : one === undefined ? -1 : 1;
  const isFraction = place > 0 && (one.startsWith('0') || other.startsWith('0'));
  return isFraction ? compareText(one, other) : compareNumbers(one, other);
}

function compareSuffixes(one = '', other = ''): number {
  const [a, b] = [one, other].map((text) => text.replace(/[0-9]+$/, '')) as [string, string];
  return (
    suffixes.indexOf(a) - suffixes.indexOf(b) || compareNumbers(one.slice(a.length), other.slice(b.length))
  );
}
