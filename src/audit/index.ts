export { audit } from './audit.ts';
export { type Auditor, createAuditor } from './auditor.ts';
export {
  type AuditOptions,
  type AuditorOptions,
  type ImageName,
  type SmokeMeans,
  type SmokeRunOptions,
  smokeMeans,
} from './options.ts';
export { defaultPath } from './search-path.ts';
export type { StartOverride } from './types.ts';
