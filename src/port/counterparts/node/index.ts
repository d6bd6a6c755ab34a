export type { NodeSettings } from '../../options.ts';
export { type NodeParts, nodeOrigin } from './node-origin.ts';
