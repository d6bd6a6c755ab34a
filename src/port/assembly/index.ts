export { assemble } from './assemble.ts';
export { AssemblyError, type AssemblyProblem } from './errors.ts';
export { timeOfNewEntries } from './time.ts';
export type { AssembledLayer, AssembledLayers, AssembleInput, AssembleOptions } from './types.ts';
export { type VerifyOptions, verifyLayers } from './verify-layers.ts';
