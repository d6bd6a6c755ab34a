import { isAbort, messageOf } from '../core/index.ts';
import { LayerError } from '../layer/index.ts';
import { DocumentError, formatPlatform, type Platform } from '../oci/index.ts';
import { RegistryError } from '../registry/index.ts';
import type { ImageAudit, UnknownReason } from '../results/index.ts';
import type { ImageName } from './options.ts';

export interface Asked {
  readonly name: ImageName;
  readonly platform: Platform;
  readonly options: { readonly signal?: AbortSignal };
}

/**
 * Turns a failure into `unknown` with its reason: what could not be read says nothing about the image.
 * @throws only what an abort threw.
 */
export function unknownImage(error: unknown, asked: Asked, known: Partial<ImageAudit> = {}): ImageAudit {
  if (isAbort(error) || asked.options.signal?.aborted) throw error;
  return {
    ...emptyAudit(asked),
    ...known,
    verdict: 'unknown',
    reason: reasonOf(error),
    why: messageOf(error),
  };
}

/** An audit of nothing read yet. */
export function emptyAudit({ name, platform }: Pick<Asked, 'name' | 'platform'>): ImageAudit {
  return {
    reference: name.reference,
    written: name.written,
    platform: formatPlatform(platform),
    verdict: 'unknown',
    why: '',
    entries: [],
    findings: [],
    findingsOmitted: 0,
    causes: [],
    platforms: [],
  };
}

const layerReasons: Readonly<Record<LayerError['code'], UnknownReason>> = {
  LAYER_UNSUPPORTED: 'unsupported',
  LAYER_MALFORMED: 'malformed',
  LAYER_LIMIT: 'too-large',
  LAYER_DIFF_ID: 'malformed',
  LAYER_WORKER: 'too-large',
  LAYER_UNPACK: 'unsupported',
};

function reasonOf(error: unknown): UnknownReason {
  if (error instanceof RegistryError) return error.reason;
  if (error instanceof LayerError) return layerReasons[error.code];
  if (error instanceof DocumentError)
    return error.code === 'DIGEST_UNSUPPORTED' ? 'unsupported' : 'malformed';
  // One image that trips over a mistake of ours must not take the others with it.
  return 'unsupported';
}
