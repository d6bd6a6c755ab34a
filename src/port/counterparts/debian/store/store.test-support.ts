import { mkdirSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import type { TarMember } from '../../../../tar/index.ts';
import { sha256, sourceAt } from '../archive/archive.test-support.ts';
import { type ArchiveReader, createArchiveReader } from '../archive/index.ts';
import type { Counterpart } from '../counterparts/index.ts';
import { writeDeb } from '../deb/deb.test-support.ts';
import { DebianError } from '../errors.ts';
import { bytesOf, freshFolder, piecesOf } from '../parts.test-support.ts';
import { createPackageStore, type PackageStore, type PackageStoreOptions, type StoredFile } from './index.ts';

/** An archive in memory, and stores beside it, each as another run of armload would make it. */
export interface Surroundings {
  /** The folder that all stores share. */
  readonly folder: string;
  /** Addresses of what was asked of the archive. */
  readonly asked: readonly string[];
  readonly archive: Pick<ArchiveReader, 'download'>;
  offer(
    name: string,
    files: readonly TarMember[],
    control?: Readonly<Record<string, string>>,
  ): Promise<Counterpart>;
  offerBytes(name: string, deb: Uint8Array): Counterpart;
  store(options?: Partial<PackageStoreOptions>): PackageStore;
  /** Names of all files in the folder. */
  kept(): Promise<readonly string[]>;
  close(): Promise<void>;
}

export function surroundings(): Surroundings {
  const { path, remove } = freshFolder();
  const folder = join(path, 'unpacked');
  const debs = new Map<string, Uint8Array>();
  const asked: string[] = [];
  const opened: { close(): Promise<void> }[] = [];
  const reader = createArchiveReader({
    cache: join(path, 'fetched'),
    keyrings: { trusted: [], named: new Map() },
    fetch: async (url) => piecesOf(debs.get(url) ?? new Uint8Array(0), 65_536),
  });
  const archive: Surroundings['archive'] = {
    download: (file, options) => {
      asked.push(file.url);
      return reader.download(file, options);
    },
  };
  const offerBytes = (name: string, deb: Uint8Array): Counterpart => {
    const url = `https://archive.example.org/${name}.deb`;
    debs.set(url, deb);
    const source = sourceAt('https://archive.example.org');
    const about = { name, version: '1.0-1', architecture: 'arm64', match: 'same' as const };
    return { ...about, url, sha256: sha256(deb), size: deb.length, source, signers: [], notes: [] };
  };
  return {
    folder,
    asked,
    archive,
    offerBytes,
    offer: async (name, files, control = {}) => {
      const fields = { Package: name, Version: '1.0-1', Architecture: 'arm64' };
      return offerBytes(name, await writeDeb({ fields, files, control }));
    },
    store: (options = {}) => {
      const store = createPackageStore({ archive, folder, workerFile: 'none', ...options });
      opened.push(store);
      return store;
    },
    kept: async () =>
      (await readdir(folder, { recursive: true }).catch(() => [])).filter((name) => name.includes('/')),
    close: async () => {
      for (const one of opened) await one.close();
      await reader.close();
      remove();
    },
  };
}

export function contentOf(file: StoredFile | undefined): Promise<Buffer> {
  if (file === undefined) throw new Error('no such file');
  return bytesOf(file.content());
}

export async function failureOf(promise: Promise<unknown>): Promise<DebianError> {
  const error = await promise.catch((thrown: unknown) => thrown);
  if (!(error instanceof DebianError)) throw new Error(`no DebianError: ${String(error)}`);
  return error;
}

/** The threads' program, built as a release has it. */
export async function buildWorker(folder: string): Promise<URL> {
  mkdirSync(folder, { recursive: true });
  const outfile = join(folder, 'deb-worker.mjs');
  const require =
    "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";
  await build({
    entryPoints: [new URL('./deb-worker.ts', import.meta.url).pathname],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    banner: { js: require },
    logLevel: 'error',
  });
  return pathToFileURL(outfile);
}
