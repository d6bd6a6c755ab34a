export type { ScanOptions } from './options.ts';
export { scan } from './scan.ts';
