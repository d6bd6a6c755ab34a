import type { MergedView, ViewEntry } from '../../../layer/index.ts';
import { type Manifest, optionalSpec, parseManifest } from './manifest.ts';

/** Files by content that the origin needs. */
export const nodeFiles: readonly string[] = [
  '**/package.json',
  '**/package-lock.json',
  '**/npm-shrinkwrap.json',
  '**/yarn.lock',
  '**/pnpm-lock.yaml',
  '**/.npmrc',
  '**/node_modules/.package-lock.json',
  '**/include/node/node_version.h',
];

/** A package that names another as an optional dependency, which is where `place` leads to. */
export interface Parent {
  readonly folder: string;
  readonly manifest: Manifest;
  /** Where the other was found: its own folder, or a link to it. */
  readonly place: string;
}

/** The packages in an image's `node_modules` folders. */
export class PackageTree {
  readonly #view: MergedView;
  readonly #manifests = new Map<string, Manifest | undefined>();
  #withOptional: readonly string[] | undefined;

  constructor(view: MergedView) {
    this.#view = view;
  }

  /** What the package.json in a folder says. */
  manifestOf(folder: string): Manifest | undefined {
    if (!this.#manifests.has(folder)) this.#manifests.set(folder, this.#read(folder));
    return this.#manifests.get(folder);
  }

  /** The packages above and beside it that name it as optional, and find it as Node does. */
  parentsOf(folder: string, name: string): readonly Parent[] {
    this.#withOptional ??= this.#foldersWithOptional();
    return this.#withOptional.flatMap((from) => {
      const manifest = this.manifestOf(from);
      if (manifest === undefined || optionalSpec(manifest, name) === undefined) return [];
      const found = this.find(name, from);
      return found?.real === folder ? [{ folder: from, manifest, place: found.place }] : [];
    });
  }

  /** Where a package finds another: in `node_modules` of its own folder, and of each above (Node's "Loading from node_modules"). */
  find(name: string, from: string): { readonly place: string; readonly real: string } | undefined {
    for (const base of foldersUp(from)) {
      if (base === 'node_modules' || base.endsWith('/node_modules')) continue;
      const place = base === '' ? `node_modules/${name}` : `${base}/node_modules/${name}`;
      const found = this.#view.resolve(place);
      if (found.found) return { place, real: found.entry.path };
    }
    return undefined;
  }

  #read(folder: string): Manifest | undefined {
    const there = this.#view.lookup(folder === '' ? 'package.json' : `${folder}/package.json`);
    const bytes = there === undefined ? undefined : this.#view.content(there);
    return bytes === undefined ? undefined : parseManifest(bytes);
  }

  #foldersWithOptional(): readonly string[] {
    const folders: string[] = [];
    for (const there of this.#view.entries()) {
      if (!isManifest(there)) continue;
      const bytes = this.#view.content(there);
      if (bytes === undefined || !Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes(mark))
        continue;
      folders.push(there.path.slice(0, Math.max(0, there.path.lastIndexOf('/'))));
    }
    return folders;
  }
}

const mark = 'optionalDependencies';

function isManifest({ path, entry }: ViewEntry): boolean {
  return entry.kind === 'file' && (path === 'package.json' || path.endsWith('/package.json'));
}

function foldersUp(folder: string): readonly string[] {
  const folders = [folder];
  for (let at = folder.lastIndexOf('/'); at > 0; at = folder.lastIndexOf('/', at - 1))
    folders.push(folder.slice(0, at));
  return folder === '' ? folders : [...folders, ''];
}

/** The folder of the package that a file belongs to: the innermost. `undefined` for what is in none. */
export function ownerOf(path: string): string | undefined {
  const at = `/${path}`.lastIndexOf('/node_modules/');
  if (at < 0) return undefined;
  const start = at + 'node_modules/'.length;
  const [first = '', second, third] = path.slice(start).split('/', 3);
  const depth = first.startsWith('@') ? third : second;
  if (depth === undefined || first === '' || first.startsWith('.')) return undefined;
  return path.slice(0, start) + (first.startsWith('@') ? `${first}/${second}` : first);
}

/** The name of a package by its folder, and the `node_modules` that it's in. */
export function placeOf(folder: string): { readonly modules: string; readonly name: string } {
  const end = `/${folder}`.lastIndexOf('/node_modules/') + 'node_modules'.length;
  return { modules: folder.slice(0, end), name: folder.slice(end + 1) };
}

/** The folder that the outermost `node_modules` around a path is in: where npm ran. */
export function projectOf(path: string): string {
  const at = `/${path}`.indexOf('/node_modules/');
  return path.slice(0, Math.max(0, at - 1));
}
