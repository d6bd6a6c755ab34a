import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { type TarMember, writeTar } from '../../tar/index.ts';
import { believed } from '../layout/content.ts';
import {
  formatIndexFile,
  IndexFile,
  type IndexFileEntry,
  parseIndexFile,
  refNameOf,
} from '../layout/index-file.ts';
import { type Layout, openLayout } from '../layout/layout.ts';
import { writeFresh } from '../layout/write-fresh.ts';
import { makeFolders } from '../make-folders.ts';
import type { CallOptions, WritableRepository } from '../types.ts';

/** An archive being written. Nothing is at its path, or what was there before, until `finish`. */
export interface ArchiveWriter extends WritableRepository {
  /** Writes the archive in one step. The writer can't be used afterwards. */
  finish(options?: CallOptions): Promise<void>;
  /** Throws away what was put. Does nothing after `finish`. */
  discard(): Promise<void>;
}

/**
 * Starts an `oci-archive:FILE`: an empty layout in a temporary folder beside the file, which `finish` packs. Equal images
 * give equal archives: entries sorted, no times, no owners, whatever the order of the puts.
 * @throws RegistryError where the folder can't be written.
 */
export async function createOciArchive(file: string, options: CallOptions = {}): Promise<ArchiveWriter> {
  const path = resolve(file);
  const name = `oci-archive:${file}`;
  const stage = await believed(name, 'starting the archive', async () => {
    await makeFolders(dirname(path));
    return mkdtemp(join(dirname(path), `.${basename(path)}-`));
  });
  const layout = await openLayout(stage, { ...options, create: true, name });
  return writerOf(layout, path, stage);
}

function writerOf(layout: Layout, path: string, stage: string): ArchiveWriter {
  const discard = (): Promise<void> => rm(stage, { recursive: true, force: true });
  return {
    name: layout.name,
    resolve: (target, options) => layout.resolve(target, options),
    manifest: (target, options) => layout.manifest(target, options),
    blob: (descriptor, options) => layout.blob(descriptor, options),
    tags: (options) => layout.tags(options),
    referrers: (digest, options) => layout.referrers(digest, options),
    hasBlob: (descriptor) => layout.hasBlob(descriptor),
    putBlob: (descriptor, source, options) => layout.putBlob(descriptor, source, options),
    putManifest: (manifest, options) => layout.putManifest(manifest, options),
    finish: (options) =>
      believed(layout.name, 'writing the archive', async () => {
        await pack(stage, path, options ?? {});
        await discard();
      }),
    discard,
  };
}

async function pack(stage: string, path: string, options: CallOptions): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}-${randomUUID()}`);
  try {
    await writeFresh(temporary, writeTar(members(stage)), options);
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Small files first, so that a reader that streams learns what it has before the blobs come. */
async function* members(stage: string): AsyncGenerator<TarMember, void, undefined> {
  yield { name: 'oci-layout', body: Buffer.from('{"imageLayoutVersion":"1.0.0"}') };
  yield { name: 'index.json', body: Buffer.from(await sortedIndex(stage)) };
  yield { name: 'blobs', type: 'directory' };
  for (const algorithm of (await readdir(join(stage, 'blobs'))).sort()) {
    yield { name: `blobs/${algorithm}`, type: 'directory' };
    for (const hex of (await readdir(join(stage, 'blobs', algorithm))).sort()) {
      const file = join(stage, 'blobs', algorithm, hex);
      const { size } = await stat(file);
      yield { name: `blobs/${algorithm}/${hex}`, size, body: createReadStream(file) };
    }
  }
}

async function sortedIndex(stage: string): Promise<string> {
  const entries = [...(await new IndexFile(stage).entries())].sort(byNameAndDigest);
  return formatIndexFile(parseIndexFile(Buffer.from('{"schemaVersion":2}')), entries);
}

function byNameAndDigest(left: IndexFileEntry, right: IndexFileEntry): number {
  const [a, b] = [left, right].map((entry) => `${refNameOf(entry) ?? ''} ${entry.digest}`) as [
    string,
    string,
  ];
  return a < b ? -1 : a > b ? 1 : 0;
}
