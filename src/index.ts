/**
 * The library door of armload.
 *
 * ```ts
 * import { audit, port, scan } from 'armload';
 *
 * const result = await scan({ inputs: ['deploy/'] });
 * const blocked = result.images.filter((image) => image.readiness.state === 'missing');
 * const proof = await audit({ references: ['ghcr.io/acme/app:2'] });
 * const ported = await port({ reference: 'ghcr.io/acme/app:2', dryRun: true });
 * ```
 */
export { type AuditOptions, audit, type SmokeRunOptions, type StartOverride } from './audit/index.ts';
export { ArmloadError, type EventSink, type ProgressEvent } from './core/index.ts';
export { type FleetOptions, portFleet } from './fleet/index.ts';
export {
  formatPlatform,
  formatReference,
  type Platform,
  parsePlatform,
  parseReference,
  type Reference,
} from './oci/index.ts';
export {
  type BaseKnowledge,
  baseKnowledge,
  type DebianSettings,
  type NamedReplacement,
  type PortOptions,
  parseBaseRecords,
  port,
  type Waiver,
} from './port/index.ts';
export { type PublishOptions, publish, type SignSettings } from './publish/index.ts';
export {
  type AuditResult,
  type AuditVerdict,
  auditResultSchema,
  type Finding,
  type FleetImage,
  type FleetMapping,
  type FleetResult,
  type ForeignVerdict,
  fleetResultSchema,
  type ImageAudit,
  type ImageResult,
  type PortOutcome,
  type PortRefusal,
  type PortResult,
  type PublishResult,
  portResultSchema,
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
