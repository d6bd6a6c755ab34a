export type { TarInput } from './byte-reader.ts';
export type { EntryFacts, EntryType } from './entry.ts';
export { TarError } from './errors.ts';
export type { PaxRecords } from './pax.ts';
export { type ReadTarOptions, readTar, type TarEntry } from './reader.ts';
export { type RawMember, type TarMember, writeTar } from './writer.ts';
