export type { RemedySource, ScanOptions } from './options.ts';
export { scan } from './scan.ts';
