import { normalizePlatform, type Platform } from '../../../oci/index.ts';

/** Where Alpine's name isn't Go's (apk-tools' `apk_defines.h`). */
const names: Readonly<Record<string, string>> = {
  '386': 'x86',
  amd64: 'x86_64',
  arm64: 'aarch64',
  loong64: 'loongarch64',
};

/** What Alpine calls a platform's architecture: `aarch64`, `armv7`. */
export function alpineArchitecture(platform: Platform): string {
  const { architecture, variant } = normalizePlatform(platform);
  if (architecture === 'arm') return variant === 'v7' ? 'armv7' : 'armhf';
  return names[architecture] ?? architecture;
}

/** A name or version that may stand in a file's name. */
export function isPlainName(text: string): boolean {
  return /^[A-Za-z0-9._][A-Za-z0-9._+~-]*$/.test(text) && !text.includes('..') && text.length <= 200;
}
