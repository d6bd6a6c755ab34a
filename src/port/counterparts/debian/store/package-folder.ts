import { randomUUID } from 'node:crypto';
import { readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type Clock, isAbort, messageOf } from '../../../../core/index.ts';
import { BoundedFolder, type KeptFile } from '../../../../layer/index.ts';
import { makeFolders } from '../../../../registry/index.ts';
import { DebianError } from '../errors.ts';
import { type PackageIndex, readIndex } from './read-index.ts';
import type { Unpacked } from './unpack-deb.ts';

/** What was used so lately may be in use by another process. Milliseconds. */
const recent = 60 * 60_000;
const keyLength = 64;

export interface PackageFiles {
  readonly bodies: string;
  readonly index: string;
}

/**
 * The two files of each package, by its SHA-256, in a folder that is kept within a bound. They are written under other
 * names first: an index is there only if its bodies are, and one alone counts as nothing.
 */
export class PackageFolder {
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #bound: BoundedFolder;
  readonly #inUse = new Set<string>();

  constructor(folder: string, { maxBytes, clock }: { readonly maxBytes: number; readonly clock: Clock }) {
    this.#folder = folder;
    this.#clock = clock;
    this.#bound = new BoundedFolder(folder, { maxBytes, isInUse: (file) => this.#isInUse(file) });
  }

  /** Keeps the package's files in the folder from now on. */
  use(key: string): void {
    this.#inUse.add(key);
  }

  filesOf(key: string): PackageFiles {
    const base = join(this.#folder, key.slice(0, 2), key);
    return { bodies: `${base}.bodies`, index: `${base}.index` };
  }

  /** `undefined` where the package isn't there, or anything is wrong with it. */
  async read(key: string): Promise<PackageIndex | undefined> {
    const { bodies, index } = this.filesOf(key);
    const bytes = await readFile(index).catch(() => undefined);
    const read = bytes && readIndex(bytes, key);
    const status = read && (await stat(bodies).catch(() => undefined));
    if (status?.isFile() !== true || status.size !== read?.bodyBytes) return undefined;
    const now = new Date(this.#clock.now());
    for (const file of [bodies, index]) await utimes(file, now, now).catch(() => undefined);
    return read;
  }

  /** Takes what `write` writes. @throws DebianError `DEBIAN_CACHE`, or what `write` throws. */
  async add(key: string, write: (files: PackageFiles) => Promise<Unpacked>): Promise<void> {
    const { bodies, index } = this.filesOf(key);
    const ending = randomUUID();
    const temporary = { bodies: `${bodies}.${ending}`, index: `${index}.${ending}` };
    try {
      await makeFolders(dirname(index));
      const { bytes } = await write(temporary);
      await rename(temporary.bodies, bodies);
      await rename(temporary.index, index);
      await this.#bound.account(bytes);
    } catch (error) {
      throw this.#asDebianError(error);
    } finally {
      for (const file of Object.values(temporary)) await rm(file, { force: true }).catch(() => undefined);
    }
  }

  /** What is found damaged is to be unpacked again. */
  async forget(key: string): Promise<void> {
    await rm(this.filesOf(key).index, { force: true }).catch(() => undefined);
  }

  #isInUse({ path, usedAt }: KeptFile): boolean {
    const key = basename(path).slice(0, keyLength);
    return this.#inUse.has(key) || usedAt > this.#clock.now() - recent;
  }

  #asDebianError(error: unknown): unknown {
    if (error instanceof DebianError || isAbort(error) || !(error instanceof Error && 'syscall' in error))
      return error;
    const what = `the cache in ${this.#folder} can't be written: ${messageOf(error)}`;
    return new DebianError('DEBIAN_CACHE', what, { cause: error });
  }
}
