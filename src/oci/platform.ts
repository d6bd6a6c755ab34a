/** One platform. `variant` is absent where it is the architecture's default (arm64: v8; arm: v7; amd64: v1). */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
  readonly osVersion?: string;
  readonly osFeatures?: readonly string[];
}

const aliases: Readonly<Record<string, readonly [string, string?]>> = {
  aarch64: ['arm64'],
  armv8: ['arm64'],
  armv8l: ['arm64'],
  x86_64: ['amd64'],
  'x86-64': ['amd64'],
  x64: ['amd64'],
  i386: ['386'],
  i486: ['386'],
  i586: ['386'],
  i686: ['386'],
  x86: ['386'],
  armhf: ['arm', 'v7'],
  armv7: ['arm', 'v7'],
  armv7l: ['arm', 'v7'],
  armel: ['arm', 'v6'],
  armv6: ['arm', 'v6'],
  armv6l: ['arm', 'v6'],
  powerpc64le: ['ppc64le'],
};

/** The variant that an absent variant means. */
const defaultVariant: Readonly<Record<string, string>> = { arm64: 'v8', arm: 'v7', amd64: 'v1' };

/**
 * One spelling for each platform: lower case, `aarch64` and `x86_64` by their Go names, `arm64/v8` as `arm64`.
 * Variants that ask for more than the default (`arm64/v9`, `amd64/v3`) stay: a v8 host can't run a v9-only build.
 * Rules as in containerd's platforms package (containers/image #898, argocd-image-updater #711).
 */
export function normalizePlatform(raw: Platform): Platform {
  const named = raw.architecture.trim().toLowerCase();
  const [architecture, impliedVariant] = aliases[named] ?? [named];
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
  if (variant === undefined) return undefined;
  const spelled = /^[0-9]+(\.[0-9]+)?$/.test(variant) ? `v${variant}` : variant;
  const minorZeroDropped = spelled.replace(/^(v[0-9]+)\.0$/, '$1');
  return defaultVariant[architecture] === minorZeroDropped ? undefined : minorZeroDropped;
}

/** Reads `os/architecture[/variant]`; `undefined` where the text is none. A lone architecture means linux. */
export function parsePlatform(text: string): Platform | undefined {
  const parts = text.split('/');
  if (parts.length > 3 || parts.some((part) => !/^[A-Za-z0-9_.-]+$/.test(part))) return undefined;
  const [first, second, variant] = parts as [string, string?, string?];
  const platform =
    second === undefined ? { os: 'linux', architecture: first } : { os: first, architecture: second };
  return normalizePlatform({ ...platform, ...(variant === undefined ? {} : { variant }) });
}

/** `os/architecture[/variant]`, the way people write it. */
export function formatPlatform(platform: Platform): string {
  const { os, architecture, variant } = platform;
  return variant === undefined ? `${os}/${architecture}` : `${os}/${architecture}/${variant}`;
}

/** The same os, architecture and variant, whatever the spelling. os.version and os.features are not compared. */
export function samePlatform(left: Platform, right: Platform): boolean {
  return formatPlatform(normalizePlatform(left)) === formatPlatform(normalizePlatform(right));
}

const linuxArm64: Platform = { os: 'linux', architecture: 'arm64' };

/**
 * Does a host of `host` run an image of `image`? Equal platforms do, and an older variant of the same
 * architecture (an arm64/v9 host runs v8). 32-bit arm on arm64 does not count: several server cores run 64-bit
 * code only.
 */
export function runsOn(image: Platform, host: Platform): boolean {
  const [wanted, given] = [normalizePlatform(host), normalizePlatform(image)];
  if (wanted.os !== given.os || wanted.architecture !== given.architecture) return false;
  const [hostLevel, imageLevel] = [variantLevel(wanted), variantLevel(given)];
  if (hostLevel === undefined || imageLevel === undefined) return wanted.variant === given.variant;
  return imageLevel <= hostLevel;
}

/** `v8.2` as 8.002, so that levels compare; `undefined` where the variant is no level. */
function variantLevel(platform: Platform): number | undefined {
  const text = platform.variant ?? defaultVariant[platform.architecture];
  if (text === undefined) return platform.variant === undefined ? 0 : undefined;
  const match = /^v([0-9]{1,3})(?:\.([0-9]{1,3}))?$/.exec(text);
  return match ? Number(match[1]) + Number(match[2] ?? 0) / 1000 : undefined;
}

/** The default target of every command. */
export const defaultPlatform: Platform = linuxArm64;
