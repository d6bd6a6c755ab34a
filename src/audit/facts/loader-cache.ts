import type { Platform } from '../../oci/index.ts';
import type { Finding } from '../../results/index.ts';
import { findingAt } from '../finding.ts';
import { nativeArchitectures } from '../native.ts';
import type { FindingText } from '../types.ts';
import { type CacheFlags, readCacheFlags } from './cache-flags.ts';
import { fileAt } from './paths.ts';
import type { FactInput } from './types.ts';

/** ABI flags by architecture (glibc `sysdeps/generic/ldconfig.h`): FLAG_X8664_LIB64 and its kin. */
const flagsOf: ReadonlyMap<string, readonly number[]> = new Map([
  ['386', [0]],
  ['amd64', [0x0300, 0x0800]],
  ['s390x', [0x0400]],
  ['ppc64le', [0x0500]],
  ['arm64', [0x0a00]],
  ['arm', [0x0900, 0x0b00]],
  ['riscv64', [0x0f00, 0x1000]],
  ['loong64', [0x1100, 0x1200]],
]);
const maxNames = 5;

/** A loader cache that another machine's ldconfig wrote: the loader passes over all that stands in it. */
export function foreignCache(input: FactInput): readonly Finding[] {
  const { subject, natives } = input;
  const cache = fileAt(subject.view, 'etc/ld.so.cache');
  // musl has no cache, and static programs no loader.
  const isRead = natives.some(
    ({ elf }) => elf.interpreter !== undefined && !elf.interpreter.includes('musl'),
  );
  if (cache === undefined || !isRead) return [];
  const flags = readCacheFlags(cache.bytes);
  const text = flags === undefined ? unreadable(cache.bytes.length) : foreignText(input, flags);
  return text === undefined ? [] : [findingAt(subject, text, cache.entry)];
}

function unreadable(size: number): FindingText {
  return {
    kind: 'ld-cache-unreadable',
    severity: 'note',
    found: size === 0 ? 'an empty file' : 'no cache in the format of glibc 2.2 and later',
    expected: "a cache that the image's loader reads",
    why: 'Where libraries outside the built-in directories are found can not be told from it.',
  };
}

function foreignText({ subject, missingLibraries }: FactInput, flags: CacheFlags): FindingText | undefined {
  const { platform } = subject;
  const own = nativeArchitectures(platform).flatMap((architecture) => flagsOf.get(architecture) ?? []);
  if (own.length === 0 || own.some((flag) => flags.has(flag))) return undefined;
  const names = missingLibraries.slice(0, maxNames).join(', ');
  return {
    kind: 'foreign-ld-cache',
    severity: 'warning',
    found: describe(flags),
    expected: `libraries for ${platform.architecture}`,
    why: `The loader finds no library by it outside its built-in directories${names === '' ? '' : `; not found now: ${names}`}.`,
  };
}

function describe(flags: CacheFlags): string {
  if (flags.size === 0) return 'a cache that lists no library';
  const counts = [...flags].map(([flag, count]) => `${count} for ${nameOf(flag)}`);
  return `a cache of libraries: ${counts.join(', ')}`;
}

function nameOf(flag: number): Platform['architecture'] {
  const known = [...flagsOf].find(([, flags]) => flags.includes(flag));
  return known?.[0] ?? `machine flag 0x${flag.toString(16)}`;
}
