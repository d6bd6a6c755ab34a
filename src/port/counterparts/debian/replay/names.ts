import { normalizePlatform, type Platform } from '../../../../oci/index.ts';

/** Where Debian's name isn't Go's (dpkg's `cputable` and `ostable`). */
const names: Readonly<Record<string, string>> = {
  '386': 'i386',
  arm: 'armhf',
  mips64le: 'mips64el',
  mipsle: 'mipsel',
  ppc64le: 'ppc64el',
};

/** What Debian calls a platform's architecture: `arm64`, `armhf`. */
export function debianArchitecture(platform: Platform): string {
  const { architecture, variant } = normalizePlatform(platform);
  if (architecture === 'arm' && (variant === 'v5' || variant === 'v6')) return 'armel';
  return names[architecture] ?? architecture;
}
