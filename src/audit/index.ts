export { audit } from './audit.ts';
export { type AuditInHand, auditInHand, type ImageInHand } from './audit-in-hand.ts';
export { type Auditor, createAuditor } from './auditor.ts';
export { codeWithoutTwin, type LoneCode } from './foreign/index.ts';
export { type CacheEntry, type LdCache, parseLdCache } from './loader/ld-cache.ts';
export { foreignCodeIn } from './native.ts';
export {
  type AuditOptions,
  type AuditorOptions,
  type ImageName,
  type SmokeMeans,
  type SmokeRunOptions,
  smokeMeans,
} from './options.ts';
export { type PlatformAuditors, platformAuditors } from './platform-auditors.ts';
export { defaultPath } from './search-path.ts';
export type { ForeignCode, StartOverride } from './types.ts';
