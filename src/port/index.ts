export {
  type BaseKnowledge,
  type BaseRecord,
  type BaseSearch,
  baseKnowledge,
  checkParity,
  type FindBaseOptions,
  findBase,
  formatBaseRecords,
  type ParityReport,
  type PortableImage,
  parseBaseRecords,
  recordsOfIndex,
} from './base/index.ts';
export { type ConfigMerge, type MergeConfigInput, mergeConfig } from './config/index.ts';
