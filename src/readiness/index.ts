export { judgeReference } from './judge.ts';
export type { Judgement, JudgeOptions, Subject, TargetImage } from './types.ts';
export { type Asked, unknownBecause } from './unknown.ts';
