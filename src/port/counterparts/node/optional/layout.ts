import { placeOf } from '../tree.ts';
import type { Chosen, OldPackage } from './types.ts';

/** Where an old package goes away, and where the new one comes. */
export interface Layout {
  /** All that goes with the old package: its own folder, or pnpm's folder for it. */
  readonly oldRoot: string;
  readonly newRoot: string;
  /** The new package's own folder. */
  readonly newFolder: string;
  /** Is it pnpm's, whose packages find each other by links? */
  readonly isPnpm: boolean;
}

/** `undefined` where pnpm names the folder otherwise than by name and version, so that nothing tells the new one's name. */
export function layoutOf({ old, record }: Pick<Chosen, 'old' | 'record'>): Layout | undefined {
  const { modules } = placeOf(old.folder);
  const [, store, folder] = /^((?:.*\/)?node_modules\/\.pnpm)\/([^/]+)\/node_modules$/.exec(modules) ?? [];
  if (store === undefined || folder === undefined) {
    const newFolder = `${modules}/${record.name}`;
    return { oldRoot: old.folder, newRoot: newFolder, newFolder, isPnpm: false };
  }
  const prefix = [`${flat(old)}@${old.manifest.version}`, `${flat(old)}/${old.manifest.version}`].find(
    (one) => folder.startsWith(one),
  );
  if (prefix === undefined) return undefined;
  const newRoot = `${store}/${record.name.replace('/', '+')}@${record.version}${folder.slice(prefix.length)}`;
  const newFolder = `${newRoot}/node_modules/${record.name}`;
  return { oldRoot: `${store}/${folder}`, newRoot, newFolder, isPnpm: true };
}

/** As pnpm spells a name in the name of a folder. */
function flat({ manifest }: OldPackage): string {
  return manifest.name.replace('/', '+');
}

/** A symbolic link's text that leads from one path to another. */
export function linkText(from: string, to: string): string {
  const [source, target] = [from.split('/').slice(0, -1), to.split('/')];
  let same = 0;
  while (same < source.length && same < target.length - 1 && source[same] === target[same]) same += 1;
  return [...source.slice(same).map(() => '..'), ...target.slice(same)].join('/');
}
