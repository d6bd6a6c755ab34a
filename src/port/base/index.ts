export { chainIds, sharedLayers } from './chain-id.ts';
export { findBase } from './find-base.ts';
export {
  type BaseKnowledge,
  type BaseRecord,
  baseKnowledge,
  formatBaseRecords,
  parseBaseRecords,
} from './knowledge.ts';
export { checkParity } from './parity/check-parity.ts';
export type {
  ParityDifference,
  ParityOptions,
  ParityReport,
  ParitySide,
  Uncompared,
} from './parity/types.ts';
export { recordsOfIndex } from './record-index.ts';
export {
  addBases,
  type BaseTableChange,
  type BaseTableProblem,
  defaultBaseTable,
  readBaseTable,
  removeBases,
} from './table.ts';
export type {
  BaseCandidate,
  BaseEvidence,
  BaseImage,
  BaseProposal,
  BaseSearch,
  FindBaseOptions,
  FoundBase,
  PortableImage,
  UnreadEvidence,
} from './types.ts';
