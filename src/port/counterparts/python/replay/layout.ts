import { posix } from 'node:path';
import type { MergedView } from '../../../../layer/index.ts';
import type { Distribution } from '../installed/types.ts';
import type { Wheel } from '../wheel/index.ts';

/** Where the files of a wheel go in the image. */
export interface Layout {
  /** `undefined` for files of a kind that has no place. */
  placeOf(wheel: Wheel, path: string): string | undefined;
}

/**
 * Follows what the installer did with the old wheel: its parts for scripts, data and headers (Binary distribution format,
 * "The .data directory") go where that wheel's went, and elsewhere to where a prefix has them.
 */
export function layoutOf(installed: Distribution, source: Wheel, view: MergedView): Layout {
  const { site, info } = installed;
  const roots = new Map([...defaultRoots(installed), ...rootsSeen(installed, source)]);
  const places = new Map<string, string>();
  const canonical = (path: string): string => {
    const folder = posix.dirname(path);
    const known = places.get(folder) ?? realFolder(view, folder);
    places.set(folder, known);
    return known === '' ? posix.basename(path) : `${known}/${posix.basename(path)}`;
  };
  return {
    placeOf: (wheel, path) => {
      const own = afterFolder(path, wheel.info);
      if (own !== undefined) return canonical(`${info}/${own}`);
      const spread = spreadPart(wheel, path);
      if (spread === undefined) return canonical(posix.join(site, path));
      const root = roots.get(spread.scheme);
      return root === undefined ? undefined : canonical(posix.join(root, spread.rest));
    },
  };
}

interface SpreadPart {
  readonly scheme: string;
  readonly rest: string;
}

/** Of a path in a wheel's `.data` folder; `undefined` for others. */
export function spreadPart({ info }: Wheel, path: string): SpreadPart | undefined {
  const part = afterFolder(path, `${info.slice(0, -'.dist-info'.length)}.data`);
  const [, scheme, rest] = /^([^/]+)\/(.+)$/.exec(part ?? '') ?? [];
  return scheme === undefined || rest === undefined ? undefined : { scheme, rest };
}

function afterFolder(path: string, folder: string): string | undefined {
  return path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : undefined;
}

/** Files of a kind that are looked for in RECORD, to see where the installer put them. */
const maxTries = 20;

function rootsSeen({ files }: Distribution, source: Wheel): ReadonlyMap<string, string> {
  const roots = new Map<string, string>();
  const tries = new Map<string, number>();
  const paths = files.flatMap(({ path }) => (path === undefined ? [] : [path]));
  for (const member of source.members.keys()) {
    const part = spreadPart(source, member);
    const tried = tries.get(part?.scheme ?? '') ?? 0;
    if (part === undefined || roots.has(part.scheme) || tried >= maxTries) continue;
    tries.set(part.scheme, tried + 1);
    const found = paths.find((path) => path === part.rest || path.endsWith(`/${part.rest}`));
    if (found !== undefined) roots.set(part.scheme, found.slice(0, -part.rest.length).replace(/\/$/, ''));
  }
  return roots;
}

/** Below a prefix as sysconfig has it; all in one folder for `pip install --target`. */
function defaultRoots({ site, name }: Distribution): ReadonlyMap<string, string> {
  const [, prefix, python = 'python3'] =
    /^(?:(.*)\/)?lib(?:64)?\/(python3[^/]*)\/(?:site|dist)-packages$/.exec(site) ?? [undefined, site];
  const root = prefix ?? '';
  return new Map([
    ['purelib', site],
    ['platlib', site],
    ['scripts', posix.join(root, 'bin')],
    ['data', root],
    ['headers', posix.join(root, 'include', python, name)],
  ]);
}

/** A folder through the links of the image, as far as it's there. */
function realFolder(view: MergedView, folder: string): string {
  if (folder === '.' || folder === '') return '';
  const end = view.resolve(folder);
  if (end.found) return end.entry.path;
  const parent = realFolder(view, posix.dirname(folder));
  return parent === '' ? posix.basename(folder) : `${parent}/${posix.basename(folder)}`;
}
