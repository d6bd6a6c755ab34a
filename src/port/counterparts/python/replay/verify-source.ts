import { posix } from 'node:path';
import type { Distribution, InstalledFile } from '../installed/types.ts';
import { sha256In } from '../record.ts';
import type { Wheel } from '../wheel/index.ts';
import { spreadPart } from './layout.ts';

/**
 * Is what was installed this very wheel? All its files must have been recorded with the sums that the wheel gives, but for
 * scripts, whose first line installers write. `undefined` for yes, else a path that differs.
 */
export function differenceFrom({ files, info, site }: Distribution, wheel: Wheel): string | undefined {
  const sums = new Map(files.map(({ line }) => [line.path, sha256In(line)]));
  const spread = new Map<string, InstalledFile[]>();
  for (const one of files) {
    const name = posix.basename(one.line.path);
    spread.set(name, [...(spread.get(name) ?? []), one]);
  }
  const own = info.slice(site === '' ? 0 : site.length + 1);
  for (const [path, line] of wheel.record) {
    if (path.startsWith(`${wheel.info}/RECORD`)) continue;
    const wanted = sha256In(line);
    const part = spreadPart(wheel, path);
    const name = path.startsWith(`${wheel.info}/`) ? own + path.slice(wheel.info.length) : path;
    const isSame =
      part === undefined
        ? sums.get(name) === wanted
        : hasSpread(spread.get(posix.basename(path)) ?? [], wanted, part.scheme);
    if (wanted === undefined || !isSame) return path;
  }
  return undefined;
}

/** Where an installer put a file of the `.data` folder is its own affair: by its name, then. */
function hasSpread(named: readonly InstalledFile[], wanted: string | undefined, scheme: string): boolean {
  return named.some(({ line, there }) => {
    if (sha256In(line) === wanted) return true;
    return scheme === 'scripts' && (there === undefined || there.entry.facts?.kind === 'script');
  });
}
