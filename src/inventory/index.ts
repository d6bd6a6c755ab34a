export { extractors } from './extractors.ts';
export { defaultLimits, type InventoryLimits } from './limits.ts';
export {
  type InventoryInput,
  type InventoryOptions,
  inputNotFound,
  takeInventory,
} from './take-inventory.ts';
export type {
  ExtractOptions,
  Extractor,
  FoundUse,
  FoundWorkload,
  Inventory,
  PullSecret,
  ReadSibling,
  SourceText,
} from './types.ts';
