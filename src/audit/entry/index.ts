export { entryFindings } from './findings.ts';
export { entryResults } from './results.ts';
export { traceEntries } from './trace.ts';
