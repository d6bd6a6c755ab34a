import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { exec } from './real-parts.ts';

/** How buildah keeps layers: as whole copies on top of each other, or each by itself for overlayfs. */
export type StorageDriver = 'vfs' | 'overlay';

/** Buildah with a storage of its own. */
export class Buildah {
  readonly #folder: string;
  readonly #options: readonly string[];

  constructor(folder: string, driver: StorageDriver) {
    this.#folder = folder;
    const places = ['--root', join(folder, 'root'), '--runroot', join(folder, 'run')];
    this.#options = [...places, '--storage-driver', driver];
  }

  /** Mounts an image's files for as long as `use` takes. */
  async mounted<Result>(reference: string, use: (root: string) => Result): Promise<Result> {
    const container = (await this.#run('from', '--isolation', 'chroot', '--quiet', reference)).trim();
    const root = (await this.#run('mount', container)).trim();
    try {
      return use(root);
    } finally {
      await this.#run('umount', container);
      await this.#run('rm', container);
    }
  }

  /** Removes images and storage. */
  async remove(): Promise<void> {
    // Its overlay folder is bind-mounted onto itself.
    await exec('umount', '--quiet', join(this.#folder, 'root/overlay')).catch(() => undefined);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #run(...words: readonly string[]): Promise<string> {
    return exec('buildah', ...this.#options, ...words);
  }
}

/** Is there an overlayfs for buildah on this folder's file system? Not where that is an overlay itself. */
export async function canMountOverlay(folder: string): Promise<boolean> {
  const buildah = new Buildah(folder, 'overlay');
  try {
    return await buildah.mounted('scratch', () => true);
  } catch {
    return false;
  } finally {
    await buildah.remove();
  }
}
