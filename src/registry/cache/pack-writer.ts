import { closeSync, fstatSync, openSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Digest } from '../../oci/index.ts';
import type { Content } from './content.ts';
import { finished, growing, newPackName, type Pack } from './pack-folder.ts';
import { encodeFrame, maxRowBytes } from './pack-format.ts';
import type { Location } from './pack-index.ts';

const flushBytes = 256 * 1024;

export interface PackWriterOptions {
  /** Where a pack grows. */
  readonly directory: string;
  /** Where it goes when it is finished, of the same file system. */
  readonly finishedDirectory: string;
  /** A new pack is begun when one has reached this. */
  readonly maxPackBytes: number;
  /** The time for the name of the next pack, milliseconds since the epoch. */
  readonly time: () => number;
  /** Tells where content has come to stand. */
  readonly onWritten?: (location: Location) => void;
  readonly onFinished?: () => void;
}

interface OpenPack extends Pack {
  readonly name: string;
  readonly handle: number;
  size: number;
}

/**
 * Appends to a pack of its own, in few writes. All methods throw the system's error, after which the writer must not be
 * used but for `abandon`.
 */
export class PackWriter {
  readonly #options: PackWriterOptions;
  readonly #pending = new Map<Digest, Content>();
  #pendingBytes = 0;
  #pack: OpenPack | undefined;

  constructor(options: PackWriterOptions) {
    this.#options = options;
  }

  /** What isn't written yet. */
  get pending(): ReadonlyMap<Digest, Content> {
    return this.#pending;
  }

  add(digest: Digest, content: Content): void {
    this.#pending.set(digest, content);
    // The rows count too, or many tiny entries would make a table that is too large to be read.
    this.#pendingBytes += maxRowBytes + content.bytes.length;
    if (this.#pendingBytes >= flushBytes) this.#flush();
  }

  /** Writes what is pending, and lets others merge the pack. */
  close(): void {
    this.#flush();
    if (this.#pack) this.#finish(this.#pack);
  }

  /** Drops what is pending; gives the path of an unfinished pack. */
  abandon(): string | undefined {
    this.#pending.clear();
    const pack = this.#pack;
    this.#pack = undefined;
    if (pack) closeSync(pack.handle);
    return pack?.path;
  }

  #flush(): void {
    if (this.#pending.size === 0) return;
    const pack = this.#openPack();
    const { frame, placed } = encodeFrame(this.#pending);
    writeFileSync(pack.handle, frame);
    for (const { offset, ...rest } of placed)
      this.#options.onWritten?.({ ...rest, offset: offset + pack.size, pack });
    pack.size += frame.length;
    this.#pending.clear();
    this.#pendingBytes = 0;
    if (pack.size >= this.#options.maxPackBytes) this.#finish(pack);
  }

  /** Nobody else's pack is ever appended to. One of ours that was taken for abandoned and merged is gone. */
  #openPack(): OpenPack {
    if (this.#pack && isThere(this.#pack)) return this.#pack;
    if (this.#pack) closeSync(this.#pack.handle);
    this.#pack = undefined;
    const name = newPackName(this.#options.time());
    const path = join(this.#options.directory, name + growing);
    this.#pack = { name, path, handle: openSync(path, 'wx', 0o600), size: 0 };
    return this.#pack;
  }

  #finish(pack: OpenPack): void {
    this.#pack = undefined;
    const isMerged = !isThere(pack);
    closeSync(pack.handle);
    if (isMerged) return;
    const path = join(this.#options.finishedDirectory, pack.name + finished);
    renameSync(pack.path, path);
    pack.path = path;
    this.#options.onFinished?.();
  }
}

function isThere({ handle }: OpenPack): boolean {
  return fstatSync(handle).nlink > 0;
}
