import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../core/index.ts';
import { makeFolders } from '../make-folders.ts';
import { ManifestCache } from './manifest-cache.ts';
import { RepositoryStore } from './repository-store.ts';
import { isRepositoryName } from './route.ts';

const maxOpen = 2000;
/** Names of a layout's own files. A repository path component of that name gets a `_` before it, which none starts with. */
const reserved: ReadonlySet<string> = new Set(['blobs', 'index.json', 'oci-layout']);

/**
 * The repositories under one folder: `a/b` is the layout folder `DIR/a/b`, so that other tools read it as
 * `oci:DIR/a/b:TAG`. Content is shared between repositories by hard links, and seen in a repository only where it was
 * pushed or mounted there.
 */
export class RegistryStore {
  readonly #directory: string;
  readonly #clock: Clock;
  readonly #cache = new ManifestCache();
  readonly #open = new Map<string, RepositoryStore>();

  constructor(directory: string, clock: Clock) {
    this.#clock = clock;
    this.#directory = directory;
  }

  /** Uploads under way, on the same file system as the blobs they become. */
  get uploadDirectory(): string {
    return join(this.#directory, '_uploads');
  }

  /** `undefined` where there is no such repository. */
  async repository(name: string): Promise<RepositoryStore | undefined> {
    const open = this.#open.get(name);
    if (open !== undefined) return open;
    if (!(await isLayout(this.#path(name)))) return undefined;
    const store = this.#keep(name);
    await store.blobs.removeAbandoned(this.#clock.now());
    return store;
  }

  async createRepository(name: string): Promise<RepositoryStore> {
    const existing = await this.repository(name);
    if (existing !== undefined) return existing;
    const created = this.#opened(name);
    await created.create();
    return this.#open.get(name) ?? this.#keep(name, created);
  }

  /** The names of all repositories, sorted. */
  async names(): Promise<readonly string[]> {
    const names: string[] = [];
    await collectNames(this.#directory, [], names);
    return names.sort();
  }

  async prepare(): Promise<void> {
    await makeFolders(this.uploadDirectory);
  }

  #keep(name: string, store = this.#opened(name)): RepositoryStore {
    const oldest = this.#open.keys().next();
    if (this.#open.size >= maxOpen && oldest.done !== true) this.#open.delete(oldest.value);
    this.#open.set(name, store);
    return store;
  }

  #opened(name: string): RepositoryStore {
    return new RepositoryStore(name, this.#path(name), this.#cache);
  }

  #path(name: string): string {
    return join(this.#directory, ...name.split('/').map(folderOf));
  }
}

function folderOf(component: string): string {
  return reserved.has(component) ? `_${component}` : component;
}

function componentOf(folder: string): string {
  return folder.startsWith('_') && reserved.has(folder.slice(1)) ? folder.slice(1) : folder;
}

async function isLayout(directory: string): Promise<boolean> {
  return stat(join(directory, 'index.json')).then(
    (facts) => facts.isFile(),
    () => false,
  );
}

async function collectNames(directory: string, parents: readonly string[], names: string[]): Promise<void> {
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const name = [...parents, componentOf(entry.name)].join('/');
    if (!entry.isDirectory() || reserved.has(entry.name) || !isRepositoryName(name)) continue;
    const path = join(directory, entry.name);
    if (await isLayout(path)) names.push(name);
    await collectNames(path, name.split('/'), names);
  }
}
