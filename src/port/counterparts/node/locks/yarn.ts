import type { LockAnswer } from './types.ts';

/**
 * Yarn's lock files of version 1: blocks that begin with a line of `name@range, …:`. Later ones hash archives of Yarn's own
 * making.
 */
export function yarnIntegrity(bytes: Uint8Array, name: string, version: string): LockAnswer {
  const text = Buffer.from(bytes).toString('utf8');
  if (/^__metadata:/m.test(text)) return { why: "it has hashes of Yarn's own archives" };
  let isIts = false;
  let isVersion = false;
  for (const line of text.split(/\r?\n/)) {
    if (/^\S.*:$/.test(line)) {
      isIts = line
        .slice(0, -1)
        .split(', ')
        .some((item) => item.replace(/^"|"$/g, '').startsWith(`${name}@`));
      isVersion = false;
    } else if (isIts && /^ {2}version /.test(line)) isVersion = textOf(line) === version;
    else if (isIts && isVersion && /^ {2}integrity /.test(line)) return { integrity: textOf(line) };
  }
  return undefined;
}

function textOf(line: string): string {
  return line.trim().replace(/^\S+ /, '').replace(/^"|"$/g, '');
}
