import type { Platform } from '../../oci/index.ts';
import { nativeArchitectures } from '../native.ts';

/**
 * How paths, packages and downloads spell an architecture, by its Go name: the names of GNU, Debian, Alpine, Red Hat, Go,
 * Java, Node.js and .NET.
 */
const spellings: readonly (readonly [architecture: string, words: readonly string[]])[] = [
  ['amd64', ['x86_64', 'x86-64', 'amd64', 'x64']],
  ['arm64', ['aarch64', 'arm64', 'arm64v8', 'aarch_64']],
  ['386', ['i386', 'i486', 'i586', 'i686']],
  ['arm', ['armhf', 'armel', 'armv7', 'armv7l', 'armv7hl', 'armv6', 'armv6l', 'gnueabihf', 'gnueabi']],
  ['ppc64le', ['ppc64le', 'ppc64el', 'powerpc64le']],
  ['s390x', ['s390x']],
  ['riscv64', ['riscv64']],
  ['loong64', ['loong64', 'loongarch64', 'loongarch']],
  ['mips64le', ['mips64el', 'mips64le']],
];

const byWord: ReadonlyMap<string, string> = new Map(
  spellings.flatMap(([architecture, words]) => words.map((word) => [word, architecture] as const)),
);

/** Literal words only, so that a text costs the same however it is made. */
const anyWord = new RegExp(`(?<![a-z0-9])(?:${[...byWord.keys()].join('|')})(?![a-z0-9])`, 'gi');

/** The architecture that one word spells; `undefined` for `all`, `noarch` and whatever else. */
export function architectureOf(word: string): string | undefined {
  return byWord.get(word.toLowerCase());
}

/** The architectures that a text spells, by their Go names. */
export function architecturesIn(text: string): ReadonlySet<string> {
  return new Set([...text.matchAll(anyWord)].map(([word]) => byWord.get(word.toLowerCase()) ?? word));
}

/** Does the text spell architectures, and none that hosts of the platform run? */
export function isForeignText(text: string, platform: Platform): boolean {
  const named = architecturesIn(text);
  return named.size > 0 && !nativeArchitectures(platform).some((architecture) => named.has(architecture));
}

/** The text with every architecture's spelling made the same: equal for paths that are each other's counterpart. */
export function withoutArchitecture(text: string): string {
  return text.replace(anyWord, '*');
}

/** The text as it would be for the platform, in each way its architecture is spelled. */
export function respelled(text: string, platform: Platform): readonly string[] {
  const words = spellings.find(([architecture]) => architecture === platform.architecture)?.[1] ?? [];
  return words.map((word) => text.replace(anyWord, word));
}
