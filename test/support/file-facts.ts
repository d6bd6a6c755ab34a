import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync, type Stats } from 'node:fs';
import { createLayerReader, type MergedView, type MergeOptions, mergeLayers } from '../../src/layer/index.ts';
import { parseConfig, parseManifest } from '../../src/oci/index.ts';
import { openLayout } from '../../src/registry/index.ts';

/** What one path of an image is, as tools that unpack it and armload can both say. */
export interface FileFact {
  readonly kind: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  /** Whole seconds since the epoch; 0 for directories, which change with what is in them. */
  readonly mtime: number;
  /** A file's hash, a link's target. */
  readonly content: string;
  /** First path of the hard link group. */
  readonly group: string;
}

/** All paths below a folder, as the file system has them; names that aren't UTF-8 are read as Latin-1. */
export function factsOnDisk(root: string): Map<string, FileFact> {
  const facts = new Map<string, FileFact>();
  const groups = new Map<number, string>();
  const visit = (folder: Buffer, path: string): void => {
    const names = readdirSync(folder, { encoding: 'buffer' }).map((bytes) => ({
      bytes,
      name: textOf(bytes),
    }));
    for (const { bytes, name } of names.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const place = Buffer.concat([folder, Buffer.from('/'), bytes]);
      const inner = path === '' ? name : `${path}/${name}`;
      const stat = lstatSync(place);
      const kind = kindOf(stat);
      const group = kind === 'directory' ? inner : (groups.get(stat.ino) ?? inner);
      groups.set(stat.ino, group);
      facts.set(inner, {
        kind,
        mode: kind === 'symlink' ? 0o777 : stat.mode & 0o7777,
        uid: stat.uid,
        gid: stat.gid,
        size: kind === 'file' ? stat.size : 0,
        mtime: kind === 'directory' ? 0 : Math.floor(stat.mtimeMs / 1000),
        content: contentOf(place, kind),
        group,
      });
      if (kind === 'directory') visit(place, inner);
    }
  };
  visit(Buffer.from(root), '');
  return facts;
}

function textOf(name: Buffer): string {
  const text = name.toString();
  return Buffer.from(text).equals(name) ? text : name.toString('latin1');
}

function kindOf(stat: Stats): string {
  if (stat.isDirectory()) return 'directory';
  if (stat.isSymbolicLink()) return 'symlink';
  if (stat.isFile()) return 'file';
  if (stat.isFIFO()) return 'fifo';
  if (stat.isCharacterDevice()) return 'character-device';
  return stat.isBlockDevice() ? 'block-device' : 'other';
}

function contentOf(path: Buffer, kind: string): string {
  if (kind === 'symlink') return readlinkSync(path);
  return kind === 'file' ? createHash('sha256').update(readFileSync(path)).digest('hex') : '';
}

/** All paths of a merged view. */
export function factsOfView(view: MergedView): Map<string, FileFact> {
  const facts = new Map<string, FileFact>();
  for (const { path, entry } of view.entries())
    facts.set(path, {
      kind: entry.kind,
      mode: entry.kind === 'symlink' ? 0o777 : entry.mode,
      uid: entry.uid,
      gid: entry.gid,
      size: entry.size,
      mtime: entry.kind === 'directory' ? 0 : Math.floor(entry.mtime),
      content: entry.sha256 ?? entry.linkName ?? '',
      group: view.links(path)[0] ?? '',
    });
  return facts;
}

/** Reads the image of a layout's tag as armload does. */
export async function viewOf(layout: string, tag: string, options: MergeOptions): Promise<MergedView> {
  const repository = await openLayout(layout);
  const reader = createLayerReader();
  try {
    const manifest = parseManifest((await repository.manifest(tag)).bytes);
    if (manifest.kind !== 'image') throw new Error(manifest.kind);
    const chunks: Uint8Array[] = [];
    for await (const chunk of repository.blob(manifest.config)) chunks.push(chunk);
    const { diffIds } = parseConfig(Buffer.concat(chunks));
    const layers = await Promise.all(
      manifest.layers.map((descriptor, index) =>
        reader.read({ repository, descriptor, ...(diffIds[index] && { diffId: diffIds[index] }) }),
      ),
    );
    return mergeLayers(layers, options);
  } finally {
    await reader.close();
  }
}
