export type { TarInput } from './byte-reader.ts';
export type { EntryFacts, EntryType } from './entry.ts';
export { TarError } from './errors.ts';
export type { EntryHead, HeaderOptions } from './headers.ts';
export type { PaxRecords } from './pax.ts';
export { type ReadTarOptions, readTar, type TarEntry } from './reader.ts';
export { SparseExpander, type SparseFile, type SparsePart, type SparseSink } from './sparse.ts';
export { type TarSink, TarWalker } from './walker.ts';
export { type RawMember, type TarMember, type WriteTarOptions, writeTar } from './writer.ts';
