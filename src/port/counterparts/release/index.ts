export type { ReleaseLimits } from './limits.ts';
export { parseReplacement } from './parse-replacement.ts';
export { type ReleaseParts, releaseOrigin } from './release-origin.ts';
