export { planReplay } from './plan-replay.ts';
export type { ReplayInput } from './types.ts';
export { replayFiles } from './wanted.ts';
