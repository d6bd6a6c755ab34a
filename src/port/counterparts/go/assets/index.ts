export { readAsset, readModule } from './operands.ts';
export {
  type AssetTableChange,
  addAssets,
  defaultAssetTable,
  readAssetTable,
  removeAssets,
} from './table.ts';
