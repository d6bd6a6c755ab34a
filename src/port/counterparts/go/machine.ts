import type { Platform } from '../../../oci/index.ts';
import type { Recipe } from './recipe.ts';

/** What Go calls a machine; `undefined` for one that it doesn't build for. */
export function machineVariables(
  { architecture, variant = '' }: Platform,
  recorded?: Recipe['info']['settings'],
): Readonly<Record<string, string>> | undefined {
  const machine = { GOOS: 'linux', GOARCH: architecture };
  switch (architecture) {
    case 'amd64':
      return { ...machine, GOAMD64: recorded?.get('GOAMD64') ?? variantOf(variant, /^v[1-4]$/, 'v1') };
    case 'arm64':
      // Every arm64 machine runs v8.0, which is also what Go before 1.23 builds for.
      return { ...machine, GOARM64: recorded?.get('GOARM64') ?? 'v8.0' };
    case 'arm':
      return { ...machine, GOARM: recorded?.get('GOARM') ?? variantOf(variant, /^v[5-7]$/, 'v7').slice(1) };
    case '386':
    case 'ppc64le':
    case 's390x':
    case 'riscv64':
    case 'loong64':
    case 'mips64le':
      return machine;
    default:
      return undefined;
  }
}

function variantOf(variant: string, known: RegExp, otherwise: string): string {
  return known.test(variant) ? variant : otherwise;
}
