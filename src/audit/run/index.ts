export { smokeRun } from './smoke-run.ts';
export type { SmokeImage } from './types.ts';
