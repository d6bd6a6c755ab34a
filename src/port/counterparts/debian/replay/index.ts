export { planReplay } from './plan-replay.ts';
export type { ReplayedPackage, ReplayInput } from './types.ts';
export { replayFiles } from './wanted.ts';
