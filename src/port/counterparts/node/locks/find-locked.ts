import * as z from 'zod';
import type { MergedView } from '../../../../layer/index.ts';
import { parseJson } from '../manifest.ts';
import { type Integrity, parseIntegrity } from '../registry/index.ts';
import { pnpmIntegrity } from './pnpm.ts';
import type { LockAnswer } from './types.ts';
import { yarnIntegrity } from './yarn.ts';

/** What an image's lock files say of a package. */
export interface Locked {
  readonly integrities: readonly Integrity[];
  /** Lock files that say nothing of it, or can't be read for it, with the reason: for people. */
  readonly notes: readonly string[];
}

type Reader = (bytes: Uint8Array, name: string, version: string) => LockAnswer;

const readers: readonly (readonly [file: string, read: Reader])[] = [
  ['package-lock.json', npmIntegrity],
  ['npm-shrinkwrap.json', npmIntegrity],
  ['node_modules/.package-lock.json', npmIntegrity],
  ['yarn.lock', yarnIntegrity],
  ['pnpm-lock.yaml', pnpmIntegrity],
];

/**
 * The hashes of a package's version in the lock files of a folder of the image; of the nearest above that has any, where it
 * has none: workspaces share one.
 */
export function findLocked(
  view: MergedView,
  project: string,
  { name, version }: { readonly name: string; readonly version: string },
): Locked {
  for (const folder of foldersUp(project)) {
    const files = readers.flatMap(([file, read]) => {
      const found = view.resolve(folder === '' ? file : `${folder}/${file}`);
      return found.found ? [{ path: `/${found.entry.path}`, bytes: view.content(found.entry), read }] : [];
    });
    // npm's own record of what is installed lies in the project, and names nothing that isn't.
    if (files.every(({ path }) => path.endsWith('/node_modules/.package-lock.json'))) continue;
    return answersOf(files, name, version);
  }
  return { integrities: [], notes: [] };
}

function answersOf(
  files: readonly { readonly path: string; readonly bytes: Uint8Array | undefined; readonly read: Reader }[],
  name: string,
  version: string,
): Locked {
  const integrities: Integrity[] = [];
  const notes: string[] = [];
  for (const { path, bytes, read } of files) {
    const answer = bytes === undefined ? { why: 'its content was not read' } : read(bytes, name, version);
    if (answer === undefined) continue;
    const integrity = 'integrity' in answer ? parseIntegrity(answer.integrity, path) : undefined;
    if (integrity !== undefined) integrities.push(integrity);
    else
      notes.push(
        `not checked against ${path}: ${'why' in answer ? answer.why : 'its hash is of an unknown kind'}`,
      );
  }
  return { integrities, notes };
}

function foldersUp(folder: string): readonly string[] {
  const folders: string[] = [];
  for (let at = folder; at !== ''; at = at.slice(0, Math.max(0, at.lastIndexOf('/')))) folders.push(at);
  return [...folders, ''];
}

const lockSchema = z.object({
  packages: z.record(
    z.string(),
    z
      .object({
        name: z.string().optional(),
        version: z.string().optional(),
        integrity: z.string().optional(),
      })
      .catch({}),
  ),
});
const maxBytes = 16 * 1024 ** 2;

/** npm's lock files of the versions 2 and 3, wherever in the tree the package is. */
function npmIntegrity(bytes: Uint8Array, name: string, version: string): LockAnswer {
  const lock = lockSchema.safeParse(parseJson(bytes, maxBytes));
  if (!lock.success) return { why: 'it is no lock file of version 2 or 3' };
  const found = Object.entries(lock.data.packages).filter(
    ([key, entry]) => (entry.name ?? nameIn(key)) === name && entry.version === version,
  );
  const integrities = [...new Set(found.flatMap(([, { integrity }]) => integrity ?? []))];
  if (integrities.length > 1) return { why: 'it has several hashes of it' };
  const [integrity] = integrities;
  return integrity === undefined ? undefined : { integrity };
}

function nameIn(key: string): string {
  return key.slice(`/${key}`.lastIndexOf('/node_modules/') + 'node_modules/'.length);
}
