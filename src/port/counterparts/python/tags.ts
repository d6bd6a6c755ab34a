import { normalizedName } from './names.ts';

/** One compatibility tag of a wheel (Platform compatibility tags): `cp311-cp311-manylinux_2_17_x86_64`. */
export interface WheelTag {
  readonly python: string;
  readonly abi: string;
  readonly platform: string;
}

export interface WheelName {
  readonly file: string;
  /** Normalized. */
  readonly name: string;
  readonly version: string;
  readonly build?: string;
  readonly tags: readonly WheelTag[];
}

/** What a platform's part of a tag says. */
export type WheelPlatform =
  | { readonly kind: 'any' }
  | {
      readonly kind: 'linux';
      /** Python's name: `x86_64`. */
      readonly machine: string;
      /** `unknown` for `linux_x86_64`, which a build on a machine of one's own makes. */
      readonly libc: 'glibc' | 'musl' | 'unknown';
      /** The oldest C library that it runs with. */
      readonly floor?: readonly [major: number, minor: number];
    }
  | { readonly kind: 'other' };

const maxTags = 256;

/** A wheel's name by its file's (Binary distribution format, "File name convention"); `undefined` for other files. */
export function parseWheelName(file: string): WheelName | undefined {
  if (file.length > 512 || !/^[A-Za-z0-9._+!-]+\.whl$/.test(file)) return undefined;
  const parts = file.slice(0, -'.whl'.length).split('-');
  if (parts.length !== 5 && parts.length !== 6) return undefined;
  const [name = '', version = ''] = parts;
  const build = parts.length === 6 ? parts[2] : undefined;
  const tags = expanded(parts.slice(-3).join('-'));
  if (name === '' || version === '' || tags === undefined) return undefined;
  return { file, name: normalizedName(name), version, ...(build === undefined ? {} : { build }), tags };
}

/** The tags of `cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64`; `undefined` for what are none. */
export function expanded(text: string): readonly WheelTag[] | undefined {
  const [pythons = [], abis = [], platforms = [], ...more] = text.split('-').map((part) => part.split('.'));
  const count = pythons.length * abis.length * platforms.length;
  if (count === 0 || count > maxTags || more.length > 0) return undefined;
  return pythons.flatMap((python) =>
    abis.flatMap((abi) => platforms.map((platform) => ({ python, abi, platform }))),
  );
}

/** Names before `manylinux_X_Y` (PEP 600, "Legacy manylinux tags"). */
const legacy: Readonly<Record<string, readonly [number, number]>> = {
  manylinux1: [2, 5],
  manylinux2010: [2, 12],
  manylinux2014: [2, 17],
};

export function parsePlatform(platform: string): WheelPlatform {
  if (platform === 'any') return { kind: 'any' };
  const [, kind = '', major, minor, machine = ''] =
    /^(manylinux1|manylinux2010|manylinux2014|manylinux|musllinux|linux)(?:_(\d{1,4})_(\d{1,4}))?_([a-z0-9_]+)$/.exec(
      platform,
    ) ?? [];
  if (machine === '') return { kind: 'other' };
  if (kind === 'linux')
    return major === undefined ? { kind: 'linux', machine, libc: 'unknown' } : { kind: 'other' };
  const floor = legacy[kind] ?? (major === undefined ? undefined : [Number(major), Number(minor)]);
  if (floor === undefined) return { kind: 'other' };
  const libc = kind === 'musllinux' ? 'musl' : 'glibc';
  return { kind: 'linux', machine, libc, floor: [floor[0] ?? 0, floor[1] ?? 0] };
}

/** Python's names of machines (`platform.machine()`), by Go's. */
const machines: Readonly<Record<string, string>> = {
  amd64: 'x86_64',
  '386': 'i686',
  arm64: 'aarch64',
  arm: 'armv7l',
  ppc64le: 'ppc64le',
  s390x: 's390x',
  riscv64: 'riscv64',
};

export function machineOf(architecture: string): string {
  return machines[architecture] ?? architecture;
}

/** The tags for a machine; those that run on any are none. */
export function tagsFor(tags: readonly WheelTag[], machine: string): readonly WheelTag[] {
  return tags.filter(({ platform }) => {
    const parsed = parsePlatform(platform);
    return parsed.kind === 'linux' && parsed.machine === machine;
  });
}
