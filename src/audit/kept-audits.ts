import { createHash } from 'node:crypto';
import type { LayerStore } from '../layer/index.ts';
import type { Platform } from '../oci/index.ts';
import { auditSchemaVersion, type ImageAudit } from '../results/index.ts';
import type { FoundImage, FoundImages } from './find-images.ts';
import type { ImageName } from './options.ts';
import type { StartOverride } from './types.ts';

/** All that the result of an audit depends on: the bytes are named by the digests of the manifest and of its index. */
export interface AuditQuestion {
  readonly found: Pick<FoundImages, 'digest' | 'kind' | 'platforms'>;
  readonly image: Pick<FoundImage, 'digest' | 'claimed'>;
  readonly platform: Platform;
  readonly allPlatforms: boolean;
  readonly override: StartOverride;
}

/** Audits that were made before, so that nothing is asked twice of bytes that can't have changed. */
export interface KeptAudits {
  /** Under the name that the image goes by now. */
  find(question: AuditQuestion, name: ImageName): Promise<ImageAudit | undefined>;
  keep(question: AuditQuestion, audit: ImageAudit): Promise<void>;
}

/** `generation` is what answers depend on besides the question: armload's version. */
export function keptAudits(store: LayerStore, generation: string): KeptAudits {
  return {
    async find(question, { reference, written }) {
      const bytes = await store.get(keyOf(question, generation));
      if (bytes === undefined) return undefined;
      const audit = JSON.parse(Buffer.from(bytes).toString('utf8')) as ImageAudit;
      return { ...audit, reference, written };
    },
    keep: (question, audit) => store.put(keyOf(question, generation), Buffer.from(JSON.stringify(audit))),
  };
}

function keyOf({ found, image, ...asked }: AuditQuestion, generation: string): string {
  const parts = [
    [auditSchemaVersion, generation],
    [found.digest, found.kind, found.platforms],
    [image.digest, partsOf(image.claimed)],
    [partsOf(asked.platform), asked.allPlatforms, asked.override.command, asked.override.args],
  ];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

/** In one order, whoever made the object. */
function partsOf(platform: Platform | undefined): readonly unknown[] | undefined {
  return platform && Object.entries(platform).sort(([left], [right]) => (left < right ? -1 : 1));
}
