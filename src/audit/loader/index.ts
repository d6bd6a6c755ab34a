export { closureFindings } from './findings.ts';
export { createLoader, type Loader } from './loader.ts';
