import { join } from 'node:path';
import { createLayerReader, folderLayerStore, type LayerReader } from '../layer/index.ts';
import { defaultPlatform } from '../oci/index.ts';
import { defaultCacheDirectory, type OpenedImage } from '../registry/index.ts';
import type { ImageAudit } from '../results/index.ts';
import { auditOpened } from './audit-image.ts';
import { type KeptAudits, keptAudits } from './kept-audits.ts';
import type { AuditorOptions, ImageName } from './options.ts';
import { unknownImage } from './unknown-image.ts';

/** Audits images one after the other, with one reader of layers and one budget of bytes. To be closed. */
export interface Auditor {
  /**
   * The images of what is opened, one for each platform asked for. What can't be opened or read is `unknown`.
   * @throws the signal's reason.
   */
  audit(open: () => Promise<OpenedImage>, name: ImageName): Promise<readonly ImageAudit[]>;
  close(): Promise<void>;
}

/** What was read of layers, and what audits found, is kept beside the registry cache. */
export function createAuditor(options: AuditorOptions): Auditor {
  const reader = createReader(options);
  const kept = createKept(options);
  const platform = options.platform ?? defaultPlatform;
  const budget = { left: options.maxBytes ?? Number.POSITIVE_INFINITY };
  return {
    async audit(open, name) {
      const context = { options, platform, reader, name, budget, ...(kept && { kept }) };
      try {
        return await auditOpened(await open(), context);
      } catch (error) {
        return [unknownImage(error, context)];
      }
    },
    close: () => reader.close(),
  };
}

function createReader(options: AuditorOptions): LayerReader {
  return createLayerReader({
    ...(options.noCache ? {} : { store: folderLayerStore(folderOf(options, 'layers')) }),
    ...(options.generation === undefined ? {} : { generation: options.generation }),
  });
}

/** Bytes of results on disk. */
const maxKept = 64 * 1024 ** 2;

/** Where nobody says which armload it is, what it found can't be told from what another one did. */
function createKept(options: AuditorOptions): KeptAudits | undefined {
  if (options.noCache || options.generation === undefined) return undefined;
  return keptAudits(folderLayerStore(folderOf(options, 'audits'), { maxBytes: maxKept }), options.generation);
}

function folderOf({ cacheDirectory, environment }: AuditorOptions, name: string): string {
  return join(cacheDirectory ?? defaultCacheDirectory(environment), name);
}
