export { type NodeParts, nodeOrigin } from './node-origin.ts';
