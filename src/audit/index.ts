export { type AuditOptions, type SmokeMeans, type SmokeRunOptions, smokeMeans } from './options.ts';
export type { StartOverride } from './types.ts';
