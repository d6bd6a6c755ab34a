import type { Clock, EventSink } from '../../core/index.ts';
import type { Digest } from '../../oci/index.ts';
import { systemCode } from './atomic-file.ts';
import { BoundedMemory } from './bounded-memory.ts';
import { compact, dropOldest, packBytes } from './compact.ts';
import { adds, type Content } from './content.ts';
import type { CacheLayout } from './layout.ts';
import { PackReader } from './pack-folder.ts';
import { maxEntryBytes } from './pack-format.ts';
import { type Location, loadIndex, readContent } from './pack-index.ts';
import { PackWriter } from './pack-writer.ts';

export interface ContentStoreOptions {
  /** Absent: in memory only. */
  readonly layout?: CacheLayout | undefined;
  readonly memoryBytes: number;
  /** Bound of the content on disk. */
  readonly maxBytes: number;
  readonly clock: Clock;
  readonly emit?: EventSink | undefined;
}

/**
 * Content by digest: manifests and small blobs, in memory and in packs. What is read from disk is checked against its
 * digest again; what fails counts as absent. No method throws: a cache that can't be used is slower, not wrong.
 */
export class ContentStore {
  readonly #memory: BoundedMemory;
  readonly #disk: Disk | undefined;

  constructor(options: ContentStoreOptions) {
    this.#memory = new BoundedMemory(options.memoryBytes);
    this.#disk = options.layout && new Disk({ ...options, layout: options.layout });
  }

  get(digest: Digest): Content | undefined {
    const held = this.#memory.get(digest);
    if (held) return held;
    const content = this.#disk?.get(digest);
    if (content) this.#memory.set(digest, content);
    return content;
  }

  /** The bytes must have been checked against the digest. */
  put(digest: Digest, content: Content): void {
    if (content.bytes.length > maxEntryBytes) return;
    this.#memory.set(digest, content);
    this.#disk?.put(digest, content);
  }

  /** Writes what isn't written yet, and keeps the directory within its bound. Afterwards only memory is used. */
  async close(): Promise<void> {
    await this.#disk?.close();
  }
}

class Disk {
  readonly #options: Omit<ContentStoreOptions, 'layout'> & { readonly layout: CacheLayout };
  readonly #reader = new PackReader();
  readonly #writer: PackWriter;
  #loaded: Map<Digest, Location> | undefined;
  #state: 'usable' | 'read only' | 'closed' = 'usable';

  constructor(options: Omit<ContentStoreOptions, 'layout'> & { readonly layout: CacheLayout }) {
    this.#options = options;
    const { layout, maxBytes, clock } = options;
    this.#writer = new PackWriter({
      directory: layout.packs,
      finishedDirectory: layout.packs,
      maxPackBytes: packBytes(maxBytes),
      time: () => clock.now(),
      onWritten: (location) => this.#index.set(location.digest, location),
      onFinished: () => void dropOldest(layout, { maxBytes, now: clock.now() }),
    });
  }

  get(digest: Digest): Content | undefined {
    if (this.#state === 'closed') return undefined;
    return this.#writer.pending.get(digest) ?? this.#read(digest);
  }

  put(digest: Digest, content: Content): void {
    if (this.#state !== 'usable') return;
    const kept = this.#writer.pending.get(digest) ?? this.#index.get(digest);
    if (adds(content, kept)) this.#attempt(() => this.#writer.add(digest, content));
  }

  async close(): Promise<void> {
    if (this.#state === 'usable') this.#attempt(() => this.#writer.close());
    const isUsable = this.#state === 'usable';
    this.#state = 'closed';
    this.#reader.close();
    const { layout, maxBytes, clock } = this.#options;
    if (isUsable) await compact(layout, { maxBytes, now: clock.now() }).catch(() => undefined);
  }

  /** Of all packs; read when first needed. */
  get #index(): Map<Digest, Location> {
    this.#loaded ??= loadIndex(this.#options.layout.packs, this.#reader);
    return this.#loaded;
  }

  #read(digest: Digest): Content | undefined {
    const at = this.#index.get(digest);
    if (!at) return undefined;
    try {
      const bytes = readContent(this.#reader, at);
      if (bytes) return { bytes, mediaType: at.mediaType };
    } catch {
      // Merged or dropped by another process.
    }
    this.#index.delete(digest);
    return undefined;
  }

  /** One warning, then nothing more is written: a full disk would fail a thousand times. */
  #attempt(write: () => void): void {
    try {
      write();
    } catch (error) {
      this.#state = 'read only';
      this.#writer.abandon();
      this.#options.emit?.({
        type: 'warning',
        message: `the cache in ${this.#options.layout.root} can't be written (${systemCode(error)}); going on without it`,
      });
    }
  }
}
