/**
 * The library door of armload.
 *
 * ```ts
 * import { scan } from 'armload';
 *
 * const result = await scan({ inputs: ['deploy/'] });
 * const blocked = result.images.filter((image) => image.readiness.state === 'missing');
 * ```
 */
export { ArmloadError, type EventSink, type ProgressEvent } from './core/index.ts';
export {
  formatPlatform,
  formatReference,
  type Platform,
  parsePlatform,
  parseReference,
  type Reference,
} from './oci/index.ts';
export {
  type ImageResult,
  type Readiness,
  type ReadinessState,
  type ScanResult,
  scanResultSchema,
  type UnknownReason,
  type Use,
  type WorkloadResult,
} from './results/index.ts';
export { type ScanOptions, scan } from './scan/index.ts';
