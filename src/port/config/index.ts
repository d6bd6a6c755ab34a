export { withoutArchitecture } from './architecture-words.ts';
export { mergeConfig } from './merge-config.ts';
export type {
  ConfigDecision,
  ConfigMerge,
  ConfigProblem,
  MergeConfigInput,
  OwnLayer,
} from './types.ts';
