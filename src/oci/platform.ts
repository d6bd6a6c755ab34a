/**
 * One platform. `variant` is absent where it is the architecture's default (arm64: v8, amd64: v1); 32-bit arm always has
 * one, v7 where none was written.
 */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
  readonly osVersion?: string;
  readonly osFeatures?: readonly string[];
}

// Maps, not records: an image may call its architecture "constructor".
const aliases: ReadonlyMap<string, readonly [architecture: string, variant?: string]> = new Map([
  ['aarch64', ['arm64']],
  ['armv8', ['arm64']],
  ['x86_64', ['amd64']],
  ['x86-64', ['amd64']],
  ['x64', ['amd64']],
  ['i386', ['386']],
  ['i486', ['386']],
  ['i586', ['386']],
  ['i686', ['386']],
  ['x86', ['386']],
  // What `uname -m` says of a 32-bit system on a 64-bit core.
  ['armv8l', ['arm', 'v8']],
  ['armhf', ['arm', 'v7']],
  ['armv7', ['arm', 'v7']],
  ['armv7l', ['arm', 'v7']],
  ['armel', ['arm', 'v6']],
  ['armv6', ['arm', 'v6']],
  ['armv6l', ['arm', 'v6']],
  ['powerpc64le', ['ppc64le']],
]);

/** The variant that an absent variant means, and that is left out again. */
const defaultVariant: ReadonlyMap<string, string> = new Map([
  ['arm64', 'v8'],
  ['amd64', 'v1'],
]);

/** Architectures by their Go names, where a text must be told from an operating system. */
const architectures: ReadonlySet<string> = new Set([
  ...['386', 'amd64', 'arm', 'arm64', 'loong64', 'mips', 'mipsle', 'mips64', 'mips64le'],
  ...['ppc64', 'ppc64le', 'riscv64', 's390x', 'wasm'],
]);

/**
 * One spelling for each platform: lower case, `aarch64` and `x86_64` by their Go names, `arm64/v8` as `arm64`.
 * Variants that ask for more than the default (`arm64/v9`, `amd64/v3`) stay: a v8 host can't run a v9-only build.
 * Rules as in containerd's platforms package (containers/image #898, argocd-image-updater #711).
 */
export function normalizePlatform(raw: Platform): Platform {
  const named = raw.architecture.trim().toLowerCase();
  const [architecture, impliedVariant] = aliases.get(named) ?? [named];
  const os = raw.os.trim().toLowerCase() === 'macos' ? 'darwin' : raw.os.trim().toLowerCase();
  const variant = normalizeVariant(architecture, raw.variant?.trim().toLowerCase() || impliedVariant);
  return {
    os,
    architecture,
    ...(variant === undefined ? {} : { variant }),
    ...(raw.osVersion ? { osVersion: raw.osVersion } : {}),
    ...(raw.osFeatures?.length ? { osFeatures: [...raw.osFeatures].sort() } : {}),
  };
}

function normalizeVariant(architecture: string, variant: string | undefined): string | undefined {
  // People and containerd write arm/v7 in full; a bare "arm" says too little.
  if (variant === undefined) return architecture === 'arm' ? 'v7' : undefined;
  const spelled = /^[0-9]+(\.[0-9]+)?$/.test(variant) ? `v${variant}` : variant;
  const minorZeroDropped = spelled.replace(/^(v[0-9]+)\.0$/, '$1');
  return defaultVariant.get(architecture) === minorZeroDropped ? undefined : minorZeroDropped;
}

/**
 * Reads `os/architecture[/variant]`, or, as containerd does, `architecture[/variant]` with linux meant; `undefined`
 * where the text is none.
 */
export function parsePlatform(text: string): Platform | undefined {
  const parts = text.split('/');
  if (parts.some((part) => !/^[\w.-]{1,64}$/.test(part))) return undefined;
  const named = isArchitecture(parts[0] ?? '') ? ['linux', ...parts] : parts;
  const [os, architecture, variant, ...rest] = named;
  if (os === undefined || architecture === undefined || rest.length > 0) return undefined;
  return normalizePlatform({ os, architecture, ...(variant === undefined ? {} : { variant }) });
}

function isArchitecture(text: string): boolean {
  return architectures.has(text.toLowerCase()) || aliases.has(text.toLowerCase());
}

/** `os/architecture[/variant]`, the way people write it. */
export function formatPlatform(platform: Platform): string {
  const { os, architecture, variant } = platform;
  return variant === undefined ? `${os}/${architecture}` : `${os}/${architecture}/${variant}`;
}

/** The same os, architecture and variant, whatever the spelling. os.version and os.features are not compared. */
export function samePlatform(left: Platform, right: Platform): boolean {
  const [a, b] = [normalizePlatform(left), normalizePlatform(right)];
  return a.os === b.os && a.architecture === b.architecture && a.variant === b.variant;
}

/**
 * Does a host of `host` run an image of `image`? Equal platforms do, and an older variant of the same
 * architecture (an arm64/v9 host runs v8). 32-bit arm on arm64 does not count: several server cores run 64-bit
 * code only.
 */
export function runsOn(image: Platform, host: Platform): boolean {
  const [wanted, given] = [normalizePlatform(host), normalizePlatform(image)];
  if (wanted.os !== given.os || wanted.architecture !== given.architecture) return false;
  if (wanted.variant === given.variant) return true;
  const [hostLevel, imageLevel] = [levelOf(wanted), levelOf(given)];
  if (hostLevel === undefined || imageLevel === undefined) return false;
  if (imageLevel.major === hostLevel.major) return imageLevel.minor <= hostLevel.minor;
  if (imageLevel.major > hostLevel.major) return false;
  // Armv9.x takes over Armv8.(x+5), not all of Armv8 (Arm Architecture Reference Manual; Go's GOARM64 says the same).
  if (wanted.architecture === 'arm64' && hostLevel.major === 9)
    return imageLevel.minor <= hostLevel.minor + 5;
  return true;
}

/** A variant as a number; `undefined` where it is none (`softfloat`), or absent and without a default. */
function levelOf(platform: Platform): { readonly major: number; readonly minor: number } | undefined {
  const variant = platform.variant ?? defaultVariant.get(platform.architecture) ?? '';
  const match = /^v([0-9]{1,3})(?:\.([0-9]{1,3}))?$/.exec(variant);
  return match ? { major: Number(match[1]), minor: Number(match[2] ?? 0) } : undefined;
}

/** The default target of every command. */
export const defaultPlatform: Platform = { os: 'linux', architecture: 'arm64' };
