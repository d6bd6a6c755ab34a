import { rmSync, writeFileSync } from 'node:fs';
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

  /** Builds a Containerfile in a folder, without namespaces, which containers may not have. */
  async build(
    context: string,
    { lines, options }: { readonly lines: readonly string[]; readonly options: readonly string[] },
  ): Promise<void> {
    const file = `${context}.containerfile`;
    writeFileSync(file, `${lines.join('\n')}\n`);
    const how = ['--isolation', 'chroot', '--network', 'host', '--tls-verify=false', '--quiet'];
    await this.run('build', ...how, ...options, '-f', file, context);
  }

  /** Runs a script in a container of an image of its own, with the network of this machine. Gives what it writes. */
  async script(reference: string, script: string): Promise<string> {
    const container = (await this.run('from', '--quiet', '--tls-verify=false', reference)).trim();
    try {
      return await this.run('run', '--isolation', 'chroot', container, '--', 'sh', '-ec', script);
    } finally {
      await this.run('rm', container);
    }
  }

  /** Mounts an image's files for as long as `use` takes. */
  async mounted<Result>(reference: string, use: (root: string) => Result | Promise<Result>): Promise<Result> {
    const container = (await this.run('from', '--isolation', 'chroot', '--quiet', reference)).trim();
    const root = (await this.run('mount', container)).trim();
    try {
      return await use(root);
    } finally {
      await this.run('umount', container);
      await this.run('rm', container);
    }
  }

  /** Removes images and storage. */
  async remove(): Promise<void> {
    // Its overlay folder is bind-mounted onto itself.
    await exec('umount', '--quiet', join(this.#folder, 'root/overlay')).catch(() => undefined);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Runs a command of buildah in this storage, and gives what it writes to standard output. */
  run(...words: readonly string[]): Promise<string> {
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

/** The quicker of those that work on a folder's file system. */
export async function driverFor(folder: string): Promise<StorageDriver> {
  return (await canMountOverlay(folder)) ? 'overlay' : 'vfs';
}
