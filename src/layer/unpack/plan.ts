import { LayerError } from '../errors.ts';
import type { LayerEntry } from '../facts/types.ts';
import type { ViewEntry } from '../merge/types.ts';
import type { UnpackLimits, UnpackOptions } from './types.ts';

/** A file whose content comes out of a layer. */
export interface PlannedFile {
  readonly path: string;
  readonly entry: LayerEntry;
}

/**
 * By the path in the layer's tar, which differs from the view's behind a followed link, then by which of the tar's files
 * of that path it is, from 0: a tar may name a path twice.
 */
export type PlannedFiles = ReadonlyMap<string, ReadonlyMap<number, PlannedFile>>;

/** What is to be made, and in which order. */
export interface UnpackPlan {
  /** A directory before what is in it. */
  readonly directories: readonly ViewEntry[];
  /** By layer index. */
  readonly files: ReadonlyMap<number, PlannedFiles>;
  /** Names of a file, or of a symbolic link, that stands elsewhere. */
  readonly hardlinks: readonly { readonly path: string; readonly first: string }[];
  readonly symlinks: readonly ViewEntry[];
  readonly fileCount: number;
  readonly bytes: number;
  readonly skipped: number;
}

/** @throws LayerError `LAYER_LIMIT`, before anything is written. */
export function planUnpack({ view }: Pick<UnpackOptions, 'view'>, limits: UnpackLimits): UnpackPlan {
  const plan = {
    directories: [] as ViewEntry[],
    hardlinks: [] as { path: string; first: string }[],
    symlinks: [] as ViewEntry[],
    fileCount: 0,
    bytes: 0,
    skipped: 0,
  };
  const wanted = new Map<LayerEntry, ViewEntry>();
  let paths = 0;
  for (const at of view.entries()) {
    if (++paths > limits.paths) throw overLimit(`more than ${limits.paths} paths`);
    const { entry, path } = at;
    if (entry.kind === 'directory') plan.directories.push(at);
    else if (!isMade(entry)) plan.skipped++;
    else {
      // Sorted, as the view's paths are by their names: one of them always comes first.
      const first = view.links(path)[0] ?? path;
      if (first !== path) plan.hardlinks.push({ path, first });
      else if (entry.kind === 'symlink') plan.symlinks.push(at);
      else {
        wanted.set(entry, at);
        plan.fileCount++;
        plan.bytes += entry.size;
        if (plan.bytes > limits.bytes) throw overLimit(`more than ${limits.bytes} bytes`);
      }
    }
  }
  return { ...plan, files: filesByLayer(view.layers, wanted) };
}

/** Files, and links whose target a file system can hold: not an empty one. */
function isMade({ kind, linkName = '' }: LayerEntry): boolean {
  return kind === 'file' || (kind === 'symlink' && linkName !== '');
}

function filesByLayer(
  layers: UnpackOptions['view']['layers'],
  wanted: ReadonlyMap<LayerEntry, ViewEntry>,
): UnpackPlan['files'] {
  const files = new Map<number, Map<string, Map<number, PlannedFile>>>();
  for (const [index, { entries }] of layers.entries()) {
    const seen = new Map<string, number>();
    for (const entry of entries) {
      if (entry.kind !== 'file') continue;
      const occurrence = seen.get(entry.path) ?? 0;
      seen.set(entry.path, occurrence + 1);
      const at = wanted.get(entry);
      if (at === undefined) continue;
      const ofLayer = files.get(index) ?? new Map<string, Map<number, PlannedFile>>();
      files.set(index, ofLayer);
      const ofPath = ofLayer.get(entry.path) ?? new Map<number, PlannedFile>();
      ofLayer.set(entry.path, ofPath.set(occurrence, { path: at.path, entry }));
    }
  }
  return files;
}

function overLimit(what: string): LayerError {
  return new LayerError('LAYER_LIMIT', `the image can't be unpacked: it has ${what}, over the limit`);
}
