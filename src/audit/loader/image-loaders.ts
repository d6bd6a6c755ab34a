import type { ViewEntry } from '../../layer/index.ts';
import type { Subject } from '../types.ts';
import { ImageFiles } from './image-files.ts';
import { type LdCache, parseLdCache } from './ld-cache.ts';
import { configuredDirectories } from './ld-conf.ts';
import { type LoaderTexts, loaderTexts } from './loader-texts.ts';

/** What all closures of an image share, each part made when it's first asked for. */
export class ImageLoaders {
  readonly subject: Subject;
  readonly files: ImageFiles;
  readonly #texts = new Map<string, LoaderTexts | undefined>();
  readonly #caches = new Map<string, LdCache | undefined>();
  #configured: ReadonlyMap<string, string> | undefined;

  constructor(subject: Subject, maxLooks?: number) {
    this.subject = subject;
    this.files = new ImageFiles(subject, maxLooks);
  }

  /** See `configuredDirectories`. */
  get configured(): ReadonlyMap<string, string> {
    this.#configured ??= configuredDirectories(this.subject.view);
    return this.#configured;
  }

  /** What a program loader has compiled in; `undefined` where its content was not kept. */
  texts(loader: ViewEntry): LoaderTexts | undefined {
    if (!this.#texts.has(loader.path)) {
      const bytes = this.subject.view.content(loader);
      this.#texts.set(loader.path, bytes === undefined ? undefined : loaderTexts(bytes));
    }
    return this.#texts.get(loader.path);
  }

  /** The content of a text file; `undefined` where nothing is there. */
  text(path: string): string | { readonly unread: string } | undefined {
    const entry = this.files.at(path);
    if (entry === undefined) return undefined;
    const bytes = this.subject.view.content(entry);
    return bytes === undefined ? { unread: `${path} was not read` } : Buffer.from(bytes).toString('utf8');
  }

  /** An ld.so.cache; `undefined` where the image has none at the path. */
  cache(path: string, endian: 'little' | 'big'): LdCache | undefined {
    const key = `${endian} ${path}`;
    if (!this.#caches.has(key)) this.#caches.set(key, this.#readCache(path, endian));
    return this.#caches.get(key);
  }

  #readCache(path: string, endian: 'little' | 'big'): LdCache | undefined {
    const entry = this.files.at(path);
    if (entry === undefined) return undefined;
    const bytes = this.subject.view.content(entry);
    return bytes === undefined ? { unread: 'its content was not kept' } : parseLdCache(bytes, endian);
  }
}
