export { assemble } from './assemble.ts';
export { AssemblyError, type AssemblyProblem } from './errors.ts';
export { foreseeLayers, type WrittenEntry } from './foresee-layers.ts';
export { timeOfNewEntries } from './time.ts';
export type { AssembledLayer, AssembledLayers, AssembleInput, AssembleOptions } from './types.ts';
export { type VerifyOptions, verifyLayers } from './verify-layers.ts';
