import { redact } from '../../../core/index.ts';
import type { FileStore, FileSum, StoredFile } from '../../fetch/index.ts';
import { type Coordinates, repositoryPath } from './coordinates.ts';
import type { JavaLimits } from './limits.ts';

/** A file that a repository says the sum of. */
export interface OfferedJar {
  readonly url: string;
  readonly sum: FileSum;
}

const sums = [
  { algorithm: 'sha256', length: 64 },
  { algorithm: 'sha512', length: 128 },
  { algorithm: 'sha1', length: 40 },
] as const;

/** A repository in Maven's default layout, where a file's sums stand beside it. */
export class Repository {
  /** With a slash at the end; it may hold a login. */
  readonly #url: string;
  readonly #store: FileStore;
  readonly #limits: JavaLimits;

  constructor(url: string, store: FileStore, limits: JavaLimits) {
    this.#url = url;
    this.#store = store;
    this.#limits = limits;
  }

  get shown(): string {
    return redact(this.#url);
  }

  /** `undefined` where it says nothing of such a file. @throws FetchError, FileError, the signal's reason. */
  async offer(coordinates: Coordinates): Promise<OfferedJar | undefined> {
    const url = new URL(repositoryPath(coordinates), this.#url).href;
    for (const { algorithm, length } of sums) {
      const said = await this.#store.text(`${url}.${algorithm}`, this.#limits.sumBytes);
      const hex = said === undefined ? undefined : sumIn(said, length);
      if (hex !== undefined) return { url, sum: { algorithm, hex } };
    }
    return undefined;
  }

  /** @throws FetchError, FileError, the signal's reason. */
  get({ url, sum }: OfferedJar): Promise<StoredFile> {
    return this.#store.get(url, sum);
  }
}

/** Alone, before a file's name, or behind one: no other word is as long and hexadecimal. */
function sumIn(text: string, length: number): string | undefined {
  const found = text.split(/\s+/).filter((word) => word.length === length && /^[0-9a-fA-F]+$/.test(word));
  return found.length === 1 ? found[0]?.toLowerCase() : undefined;
}
