export { BoundedFolder, type BoundedFolderOptions, type KeptFile } from './bounded-folder.ts';
export { gunzip } from './codec/gunzip.ts';
export type { Compression } from './codec/media-type.ts';
export { unzstd } from './codec/unzstd.ts';
export { LayerError } from './errors.ts';
export { type ContentFacts, type ContentOptions, ContentReader } from './facts/content.ts';
export { losslessName, type TarPath, tarPath } from './facts/path.ts';
export type { EntryKind, LayerEntry, LayerFacts, LayerNote } from './facts/types.ts';
export { wantedFiles } from './facts/wanted.ts';
export {
  createLayerReader,
  type LayerReader,
  type LayerReaderOptions,
  type LayerSource,
} from './layer-reader.ts';
export { defaultLayerLimits, type LayerLimits } from './limits.ts';
export { mergeLayers } from './merge/merge-layers.ts';
export type { MergedView, MergeOptions, Resolution, ViewEntry, ViewNote } from './merge/types.ts';
export { Slots } from './pool/slots.ts';
export { findWorkerFile } from './pool/worker-file.ts';
export { type LayerTarEntry, type ReadEntriesOptions, readLayerEntries } from './read-entries.ts';
export { readLayers } from './read-layers.ts';
export { folderLayerStore, type LayerStore } from './store.ts';
export { removeUnpacked } from './unpack/remove.ts';
export {
  type FileOwner,
  type UnpackLimits,
  type UnpackOptions,
  type UnpackReport,
  unpackView,
} from './unpack/unpack-view.ts';
