import type { Platform } from '../../../oci/index.ts';

/**
 * How artifacts name their jars for amd64 Linux, and how those of the same makers name the ones for arm64: Maven's
 * os-detector writes `aarch_64`, JavaCPP `arm64`, others `aarch64`.
 */
const amd64ToArm64: Readonly<Record<string, readonly string[]>> = {
  'linux-x86_64': ['linux-aarch_64', 'linux-aarch64', 'linux-arm64'],
  'linux-x86_64-fedora': ['linux-aarch_64-fedora'],
  'linux-x86-64': ['linux-aarch64', 'linux-arm64'],
  'linux-x64': ['linux-arm64', 'linux-aarch64'],
  'linux-amd64': ['linux-arm64', 'linux-aarch64'],
  'linux-musl-x86_64': ['linux-musl-aarch_64', 'linux-musl-aarch64', 'linux-musl-arm64'],
  'natives-linux': ['natives-linux-arm64', 'natives-linux-aarch64'],
  'natives-linux-amd64': ['natives-linux-aarch64', 'natives-linux-arm64'],
  'natives-linux-x86_64': ['natives-linux-aarch64', 'natives-linux-arm64'],
  'natives-linux-x64': ['natives-linux-arm64'],
  linux: ['linux-aarch64', 'linux-arm64'],
};

function isKnownPair(source: Platform, target: Platform): boolean {
  return source.architecture === 'amd64' && target.architecture === 'arm64';
}

/** The classifiers that jars for the old platform may have. */
export function sourceClassifiers(source: Platform, target: Platform): readonly string[] {
  return isKnownPair(source, target) ? Object.keys(amd64ToArm64) : [];
}

/** The classifiers that the same artifact's jar for the new platform may have, likeliest first. */
export function targetClassifiers(classifier: string): readonly string[] {
  return amd64ToArm64[classifier] ?? [];
}
