import { normalizePlatform } from '../../oci/index.ts';

/**
 * How paths, packages and labels spell an architecture, by its Go name. The spellings of one row stand in the same place:
 * GNU (and Alpine, Red Hat, Rust), Debian (and Go), Node.js (and .NET), GNU with a hyphen in package names, Maven.
 */
const spellings: ReadonlyMap<string, readonly string[]> = new Map([
  ['amd64', ['x86_64', 'amd64', 'x64', 'x86-64', 'x86_64']],
  ['arm64', ['aarch64', 'arm64', 'arm64', 'aarch64', 'aarch_64']],
  ['386', ['i386', 'i386', 'x86', 'i686', 'x86_32']],
  ['arm', ['arm', 'armhf', 'arm', 'armv7l', 'armv7']],
  ['ppc64le', ['powerpc64le', 'ppc64el', 'ppc64le', 'ppc64le', 'ppcle_64']],
  ['s390x', ['s390x', 's390x', 's390x', 's390x', 's390_64']],
  ['riscv64', ['riscv64', 'riscv64', 'riscv64', 'riscv64', 'riscv64']],
]);

function wordsOf(architecture: string): readonly string[] {
  return spellings.get(architecture) ?? [architecture];
}

/** A pattern for whole words, literal ones only, so that a text costs the same however it is made. */
function patternOf(words: Iterable<string>): RegExp {
  // The longer first: x86_64 is no x86.
  const sorted = [...new Set(words)].sort((left, right) => right.length - left.length);
  return new RegExp(`(?<![A-Za-z0-9])(?:${sorted.map(escaped).join('|')})(?![A-Za-z0-9])`, 'gi');
}

function escaped(word: string): string {
  return word.replace(/[^A-Za-z0-9_]/g, '\\$&');
}

const anyWord = patternOf([...spellings.values()].flat().filter((word) => word !== 'arm' && word !== 'x86'));

/** The text with every architecture's spelling made the same: equal for names that are each other's counterpart. */
export function withoutArchitecture(text: string): string {
  return text.replace(anyWord, '*');
}

/** Spells texts of one architecture for another. */
export interface ArchitectureWords {
  /** Does the text spell the old architecture? */
  isSpelledIn(text: string): boolean;
  /** The text for the new architecture: the spelling that stands for each first, then all in one spelling. */
  respelled(text: string): readonly string[];
  /** The new architecture in the spelling that this whole text has of the old one; `undefined` for other texts. */
  counterpart(text: string): string | undefined;
}

/** Spells nothing anew. */
const noWords: ArchitectureWords = {
  isSpelledIn: () => false,
  respelled: () => [],
  counterpart: () => undefined,
};

/**
 * @param from Go's name of the old architecture, `amd64`; nothing is respelled where it isn't known.
 * @param to the new one's, `arm64`.
 */
export function architectureWords(from: string | undefined, to: string): ArchitectureWords {
  if (from === undefined || from === to) return noWords;
  const [old, wanted] = [from, to].map((name) =>
    wordsOf(normalizePlatform({ os: 'linux', architecture: name }).architecture),
  ) as [readonly string[], readonly string[]];
  const pattern = patternOf(old);
  const pair = (word: string): string => {
    const own = word.toLowerCase();
    const at = old.indexOf(own);
    return inCaseOf(word, wanted[at] ?? wanted[0] ?? to);
  };
  return {
    isSpelledIn: (text) => text.search(pattern) >= 0,
    respelled: (text) => {
      const paired = text.replace(pattern, pair);
      const uniform = wanted.map((spelling) => text.replace(pattern, spelling));
      return [...new Set([paired, ...uniform])].filter((candidate) => candidate !== text);
    },
    counterpart: (text) => (old.includes(text.toLowerCase()) ? pair(text) : undefined),
  };
}

function inCaseOf(model: string, word: string): string {
  return model === model.toUpperCase() && model !== model.toLowerCase() ? word.toUpperCase() : word;
}
