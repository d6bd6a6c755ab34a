export { parseSources, readSources } from './read-sources.ts';
export { mirrorSources, type SnapshotOptions, snapshotSources } from './replace.ts';
export type { AptSource, SignedBy, SourceProblem, SourcesReading } from './types.ts';
