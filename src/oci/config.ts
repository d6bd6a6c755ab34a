import * as z from 'zod';
import type { Digest } from './digest.ts';
import {
  check,
  digestSchema,
  list,
  optional,
  parseJsonObject,
  platformFields,
  readPlatform,
  stringMap,
  text,
} from './document.ts';
import type { Platform } from './platform.ts';

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
  ...platformFields,
  // Nothing is left out of this list: its places are the layers' places.
  rootfs: z.object({ diff_ids: list(digestSchema) }).nullish(),
  config: z.object({ Labels: stringMap }).nullish(),
  history: list(z.object({ created_by: text, empty_layer: z.boolean().nullish() })),
});

/** @throws DocumentError `DOCUMENT_TOO_LARGE` or `DOCUMENT_MALFORMED`. */
export function parseConfig(bytes: Uint8Array): ImageConfig {
  const value = check(configSchema, parseJsonObject(bytes, 'image config'), 'image config');
  return {
    ...optional('platform', readPlatform(value)),
    diffIds: value.rootfs?.diff_ids ?? [],
    labels: value.config?.Labels ?? {},
    history: value.history.map((entry) => ({
      ...optional('createdBy', entry.created_by),
      emptyLayer: entry.empty_layer ?? false,
    })),
  };
}
