import { type FileHandle, open, unlink } from 'node:fs/promises';
import PQueue from 'p-queue';
import type { Clock, EventSink } from '../../core/index.ts';
import { type Digest, maxManifestBytes, verifyDigest } from '../../oci/index.ts';
import { systemCode, writeAtomically } from './atomic-file.ts';
import { BoundedMemory } from './bounded-memory.ts';
import { blobPath, type CacheLayout } from './layout.ts';

/** Larger content is not kept, bytes. */
export const maxEntryBytes = maxManifestBytes;

/** A read marks an entry as used only when its mark is older than this. */
const markAfterMs = 24 * 60 * 60 * 1000;

/** Files open at a time: a fleet must not run into the system's limit. */
const filesAtATime = 16;

export interface ContentStoreOptions {
  /** Absent: in memory only. */
  readonly layout?: CacheLayout | undefined;
  readonly memoryBytes: number;
  readonly clock: Clock;
  readonly emit?: EventSink | undefined;
}

/**
 * Content by digest: manifests and small blobs. What is read is checked against its digest again; what fails is thrown
 * away and counts as absent. Neither method throws: a cache that can't be used is slower, not wrong.
 */
export class ContentStore {
  readonly #options: ContentStoreOptions;
  readonly #memory: BoundedMemory;
  readonly #disk = new PQueue({ concurrency: filesAtATime });
  #broken = false;

  constructor(options: ContentStoreOptions) {
    this.#options = options;
    this.#memory = new BoundedMemory(options.memoryBytes);
  }

  async get(digest: Digest): Promise<Uint8Array | undefined> {
    const held = this.#memory.get(digest);
    if (held) return held;
    const { layout } = this.#options;
    const bytes = layout && (await this.#disk.add(() => this.#read(blobPath(layout, digest), digest)));
    if (bytes) this.#memory.set(digest, bytes);
    return bytes;
  }

  /** The bytes must have been checked against the digest. */
  async put(digest: Digest, bytes: Uint8Array): Promise<void> {
    if (bytes.length > maxEntryBytes) return;
    this.#memory.set(digest, bytes);
    const { layout } = this.#options;
    if (!layout || this.#broken) return;
    try {
      await this.#disk.add(() => writeAtomically(blobPath(layout, digest), bytes, layout.temporary));
    } catch (error) {
      this.#giveUp(layout.root, error);
    }
  }

  async #read(path: string, digest: Digest): Promise<Uint8Array | undefined> {
    let handle: FileHandle;
    try {
      handle = await open(path, 'r');
    } catch {
      return undefined;
    }
    try {
      const { size, mtimeMs } = await handle.stat();
      if (size > maxEntryBytes) throw new Error('too large');
      const bytes = await handle.readFile();
      verifyDigest(bytes, digest);
      const now = this.#options.clock.now();
      if (now - mtimeMs > markAfterMs) await handle.utimes(now / 1000, now / 1000).catch(() => undefined);
      return bytes;
    } catch {
      await unlink(path).catch(() => undefined);
      return undefined;
    } finally {
      await handle.close();
    }
  }

  /** One warning, then memory only: a full disk would fail a thousand times. */
  #giveUp(root: string, error: unknown): void {
    if (this.#broken) return;
    this.#broken = true;
    this.#options.emit?.({
      type: 'warning',
      message: `the cache in ${root} can't be written (${systemCode(error)}); going on without it`,
    });
  }
}
