import { chmodSync, lchownSync, linkSync, lstatSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { messageOf } from '../../core/index.ts';
import { LayerError } from '../errors.ts';
import { defaultLayerLimits } from '../limits.ts';
import type { ViewEntry } from '../merge/types.ts';
import { extractLayer } from './extract-layer.ts';
import { nameBytes, placeIn } from './file-path.ts';
import { planUnpack, type UnpackPlan } from './plan.ts';
import type { UnpackLimits, UnpackOptions, UnpackReport } from './types.ts';
import { safeMode, writeFile } from './write-file.ts';

export type { FileOwner, UnpackLimits, UnpackOptions, UnpackReport } from './types.ts';

const defaultLimits: UnpackLimits = { bytes: 16 * 1024 ** 3, paths: 1_000_000 };

/**
 * Writes the files of an image, all layers applied, into a fresh folder. Every layer is read once again, and of each
 * only what the view takes from it. Nothing can land outside: the view is a tree of names without links, directories
 * are made before what is in them, and no symbolic link is there while files are written. Devices and FIFOs are left
 * out, setuid and setgid are kept off. What was made before a failure is the caller's to remove (`removeUnpacked`).
 * @throws LayerError, RegistryError, or the signal's reason.
 */
export async function unpackView(options: UnpackOptions): Promise<UnpackReport> {
  const { view, layers, signal } = options;
  if (layers.length !== view.layers.length)
    throw new RangeError(`the view has ${view.layers.length} layers, given are ${layers.length}`);
  signal?.throwIfAborted();
  const plan = planUnpack(options, { ...defaultLimits, ...options.limits });
  try {
    prepareFolder(options.folder);
    await new Unpacking(options, plan).run();
  } catch (error) {
    throw asLayerError(error, options.folder);
  }
  return {
    directories: plan.directories.length,
    files: plan.fileCount,
    hardlinks: plan.hardlinks.length,
    symlinks: plan.symlinks.length,
    bytes: plan.bytes,
    skipped: plan.skipped,
  };
}

/** @throws LayerError `LAYER_UNPACK`, or what the file system says. */
function prepareFolder(folder: string): void {
  const stat = lstatSync(folder, { throwIfNoEntry: false });
  if (stat === undefined) {
    mkdirSync(folder, 0o700);
    return;
  }
  if (!stat.isDirectory() || readdirSync(folder).length > 0)
    throw new LayerError(
      'LAYER_UNPACK',
      `an image is unpacked into a fresh folder only, but ${folder} is none`,
    );
}

/** What a file system refuses is told as what it is; other errors stay themselves. */
function asLayerError(error: unknown, folder: string): unknown {
  if (!(error instanceof Error) || !('syscall' in error)) return error;
  return new LayerError('LAYER_UNPACK', `the image can't be unpacked into ${folder}: ${messageOf(error)}`, {
    cause: error,
    hint: 'It needs a Linux file system with enough free space; TMPDIR names another place.',
  });
}

class Unpacking {
  readonly #options: UnpackOptions;
  readonly #plan: UnpackPlan;
  #steps = 0;

  constructor(options: UnpackOptions, plan: UnpackPlan) {
    this.#options = options;
    this.#plan = plan;
  }

  async run(): Promise<void> {
    const { directories, hardlinks, symlinks } = this.#plan;
    // Closed to others, and open to us, until all is in its place.
    await this.#each(directories, ({ path }) => mkdirSync(this.#place(path), 0o700));
    await this.#extract();
    await this.#each(symlinks, (at) => this.#symlink(at));
    await this.#each(hardlinks, ({ path, first }) => linkSync(this.#place(first), this.#place(path)));
    // From the innermost: a directory's mode may shut us out of it.
    await this.#each([...directories].reverse(), (at) => this.#finishDirectory(this.#place(at.path), at));
    const root = this.#options.view.lookup('');
    if (root !== undefined) this.#finishDirectory(Buffer.from(this.#options.folder), root);
  }

  async #extract(): Promise<void> {
    const { layers, signal } = this.#options;
    const limits = { ...defaultLayerLimits, ...this.#options.layerLimits };
    for (const [index, source] of layers.entries()) {
      const wanted = this.#plan.files.get(index);
      if (wanted === undefined) continue;
      await extractLayer(source, {
        wanted,
        limits,
        ...(signal === undefined ? {} : { signal }),
        extract: async (file, content) => {
          const place = this.#place(file.path);
          await writeFile(place, file, content);
          if (this.#own(place, file.entry)) chmodSync(place, file.entry.mode & safeMode);
        },
      });
    }
  }

  #symlink({ path, entry }: ViewEntry): void {
    const place = this.#place(path);
    symlinkSync(nameBytes(entry.linkName ?? ''), place);
    this.#own(place, entry);
  }

  #finishDirectory(place: Buffer, { entry }: ViewEntry): void {
    this.#own(place, entry);
    chmodSync(place, entry.mode & safeMode);
  }

  /** False where nobody asked for an owner. */
  #own(place: Buffer, entry: ViewEntry['entry']): boolean {
    const { owner } = this.#options;
    if (owner === undefined) return false;
    const { uid, gid } = owner === 'image' ? entry : owner;
    lchownSync(place, uid, gid);
    return true;
  }

  #place(path: string): Buffer {
    return placeIn(this.#options.folder, path);
  }

  /** One after the other, with a breath now and then for whoever shares the thread. */
  async #each<T>(items: readonly T[], step: (item: T) => void): Promise<void> {
    for (const item of items) {
      if (++this.#steps % 500 === 0) await nextTurn();
      this.#options.signal?.throwIfAborted();
      step(item);
    }
  }
}
