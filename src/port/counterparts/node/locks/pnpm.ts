import type { LockAnswer } from './types.ts';

/**
 * pnpm's lock files, whose lines about a package begin with `name@version:` (version 9), `/name@version:` (6) or
 * `/name/version:` (5), and go on with its resolution.
 */
export function pnpmIntegrity(bytes: Uint8Array, name: string, version: string): LockAnswer {
  const keys = new Set([`${name}@${version}`, `/${name}@${version}`, `/${name}/${version}`]);
  let depth: number | undefined;
  for (const line of Buffer.from(bytes).toString('utf8').split(/\r?\n/)) {
    const indent = line.length - line.trimStart().length;
    if (line.trim() === '') continue;
    if (depth !== undefined && indent <= depth) depth = undefined;
    if (depth === undefined) {
      const key = /^ +(['"]?)([^'"\s]+)\1:$/.exec(line)?.[2];
      if (key !== undefined && keys.has(key)) depth = indent;
      continue;
    }
    const integrity = /\bintegrity: *['"]?(sha\d+-[A-Za-z0-9+/=]+)/.exec(line)?.[1];
    if (integrity !== undefined) return { integrity };
  }
  return undefined;
}
