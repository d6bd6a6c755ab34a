import { z } from 'zod';
import { type Digest, isDigest } from './digest.ts';
import { DocumentError } from './errors.ts';
import { check, maxManifestBytes, optional, parseJsonObject } from './manifest.ts';
import { normalizePlatform, type Platform } from './platform.ts';

/** What armload reads of an image config (image-spec config.md). */
export interface ImageConfig {
  /** Absent where the config leaves os or architecture empty: that is unknown, not amd64. */
  readonly platform?: Platform;
  readonly diffIds: readonly Digest[];
  readonly labels: Readonly<Record<string, string>>;
  readonly history: readonly HistoryEntry[];
}

export interface HistoryEntry {
  readonly createdBy?: string;
  readonly emptyLayer: boolean;
}

const configSchema = z.object({
  os: z.string().nullish(),
  architecture: z.string().nullish(),
  variant: z.string().nullish(),
  'os.version': z.string().nullish(),
  'os.features': z.array(z.string()).nullish(),
  rootfs: z.object({ diff_ids: z.array(z.string()).nullish() }).nullish(),
  config: z.object({ Labels: z.record(z.string(), z.unknown()).nullish() }).nullish(),
  history: z
    .array(z.object({ created_by: z.string().nullish(), empty_layer: z.boolean().nullish() }))
    .nullish(),
});

/** @throws DocumentError `DOCUMENT_TOO_LARGE` or `DOCUMENT_MALFORMED`. */
export function parseConfig(bytes: Uint8Array): ImageConfig {
  if (bytes.length > maxManifestBytes) {
    throw new DocumentError(
      'DOCUMENT_TOO_LARGE',
      `the image config has ${bytes.length} bytes, over the limit of ${maxManifestBytes}`,
    );
  }
  const value = check(configSchema, parseJsonObject(bytes, 'image config'), 'image config');
  const labels = Object.entries(value.config?.Labels ?? {}).filter(
    (pair): pair is [string, string] => typeof pair[1] === 'string',
  );
  return {
    ...optional('platform', readPlatform(value)),
    diffIds: (value.rootfs?.diff_ids ?? []).filter(isDigest),
    labels: Object.fromEntries(labels),
    history: (value.history ?? []).map((entry) => ({
      ...optional('createdBy', entry.created_by ?? undefined),
      emptyLayer: entry.empty_layer ?? false,
    })),
  };
}

function readPlatform(value: z.output<typeof configSchema>): Platform | undefined {
  if (!value.os || !value.architecture) return undefined;
  return normalizePlatform({
    os: value.os,
    architecture: value.architecture,
    ...optional('variant', value.variant ?? undefined),
    ...optional('osVersion', value['os.version'] ?? undefined),
    ...optional('osFeatures', value['os.features'] ?? undefined),
  });
}
