/**
 * The library door of armload.
 *
 * ```ts
 * import { audit, scan } from 'armload';
 *
 * const result = await scan({ inputs: ['deploy/'] });
 * const blocked = result.images.filter((image) => image.readiness.state === 'missing');
 * const proof = await audit({ references: ['ghcr.io/acme/app:2'] });
 * ```
 */
export { type AuditOptions, audit, type SmokeRunOptions, type StartOverride } from './audit/index.ts';
export { ArmloadError, type EventSink, type ProgressEvent } from './core/index.ts';
export {
  formatPlatform,
  formatReference,
  type Platform,
  parsePlatform,
  parseReference,
  type Reference,
} from './oci/index.ts';
export { type PublishOptions, publish } from './publish/index.ts';
export {
  type AuditResult,
  type AuditVerdict,
  auditResultSchema,
  type Finding,
  type ForeignVerdict,
  type ImageAudit,
  type ImageResult,
  type PublishResult,
  publishResultSchema,
  type Readiness,
  type ReadinessState,
  type ScanResult,
  type Severity,
  type SmokeRun,
  scanResultSchema,
  type UnknownReason,
  type Use,
  type WorkloadResult,
} from './results/index.ts';
export { type ScanOptions, scan } from './scan/index.ts';
