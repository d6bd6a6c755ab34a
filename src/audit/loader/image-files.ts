import type { MergedView, ViewEntry } from '../../layer/index.ts';
import type { Subject } from '../types.ts';

/** Directories looked into and needs followed for one image, all programs together. */
const usualLooks = 10_000_000;
/** Places told of a library that lies elsewhere. */
const maxPlaces = 4;

/** The image's files as loaders look for them: by directory and name, each directory read once. */
export class ImageFiles {
  readonly view: MergedView;
  /** Where a container starts, links followed; relative paths begin there. */
  readonly #workingDirectory: string | undefined;
  readonly #directories = new Map<string, ReadonlyMap<string, ViewEntry> | undefined>();
  readonly #listings = new Map<string, ReadonlyMap<string, ViewEntry>>();
  readonly #targets = new Map<string, ViewEntry | undefined>();
  #byName: ReadonlyMap<string, readonly ViewEntry[]> | undefined;
  #sonames: ReadonlySet<string> | undefined;
  #looksLeft: number;

  constructor({ view, run }: Pick<Subject, 'view' | 'run'>, maxLooks = usualLooks) {
    this.view = view;
    this.#looksLeft = maxLooks;
    const start = view.resolve(`/${run.workingDirectory}`);
    this.#workingDirectory = start.found ? start.entry.path : undefined;
  }

  /** True once so much was looked for that what follows is not searched any more. */
  get isSpent(): boolean {
    return this.#looksLeft < 0;
  }

  /** Counts one look; false once there are none left. */
  spend(): boolean {
    if (this.#looksLeft >= 0) this.#looksLeft -= 1;
    return !this.isSpent;
  }

  /** What a path leads to, links followed; relative paths start in the image's working directory. */
  at(path: string): ViewEntry | undefined {
    const from = path.startsWith('/') ? '' : this.#workingDirectory;
    if (from === undefined) return undefined;
    const resolution = this.view.resolve(path, { from });
    return resolution.found ? resolution.entry : undefined;
  }

  /** What a name in a directory leads to, links followed. */
  in(directory: string, name: string): ViewEntry | undefined {
    if (!this.spend()) return undefined;
    const child = this.#directory(directory)?.get(name);
    if (child === undefined || child.entry.kind !== 'symlink') return child;
    const known = this.#targets.get(child.path);
    if (known !== undefined || this.#targets.has(child.path)) return known;
    const target = this.at(`/${child.path}`);
    this.#targets.set(child.path, target);
    return target;
  }

  /** The directory a container starts in, absolute; `/` where the image has no such directory. */
  get workingDirectory(): string {
    return `/${this.#workingDirectory ?? ''}`;
  }

  /** Files and links of a name that lie anywhere, at most four. For names that have `.so` in them only. */
  named(name: string): readonly ViewEntry[] {
    this.#byName ??= indexOf(this.view);
    return this.#byName.get(name) ?? [];
  }

  /** Does any library of the image, wherever it lies, call itself so (DT_SONAME)? Once loaded it answers to that name. */
  hasSoname(name: string): boolean {
    this.#sonames ??= sonamesIn(this.view);
    return this.#sonames.has(name);
  }

  #directory(path: string): ReadonlyMap<string, ViewEntry> | undefined {
    const known = this.#directories.get(path);
    if (known !== undefined || this.#directories.has(path)) return known;
    const entry = this.at(path);
    const listing = entry?.entry.kind === 'directory' ? this.#listing(entry.path) : undefined;
    this.#directories.set(path, listing);
    return listing;
  }

  #listing(path: string): ReadonlyMap<string, ViewEntry> {
    const known = this.#listings.get(path);
    if (known !== undefined) return known;
    const listing = new Map(this.view.list(path).map((entry) => [baseName(entry.path), entry]));
    this.#listings.set(path, listing);
    return listing;
  }
}

function indexOf(view: MergedView): Map<string, ViewEntry[]> {
  const index = new Map<string, ViewEntry[]>();
  for (const entry of view.entries()) {
    const name = baseName(entry.path);
    if (!name.includes('.so') || entry.entry.kind === 'directory') continue;
    const places = index.get(name);
    if (places === undefined) index.set(name, [entry]);
    else if (places.length < maxPlaces) places.push(entry);
  }
  return index;
}

function sonamesIn(view: MergedView): Set<string> {
  const names = new Set<string>();
  for (const { entry } of view.entries()) {
    const soname = entry.facts?.kind === 'elf' ? entry.facts.elf.soname : undefined;
    if (soname !== undefined) names.add(soname);
  }
  return names;
}

export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Everything before the last name, without its slash; empty for what lies in the root. */
export function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

/** Empty for the root. */
export function withoutClosingSlashes(path: string): string {
  let end = path.length;
  while (path[end - 1] === '/') end -= 1;
  return path.slice(0, end);
}
