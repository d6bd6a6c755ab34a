import { formatPlatform, type Platform } from '../oci/index.ts';
import type { OpenedImage } from '../registry/index.ts';
import type { ImageAudit } from '../results/index.ts';
import { type Auditor, createAuditor } from './auditor.ts';
import type { AuditorOptions } from './options.ts';

/** Audits single images, each for a platform of its own. To be closed. */
export interface PlatformAuditors {
  /**
   * `undefined` where the reference gives no image.
   * @throws the signal's reason.
   */
  audit(
    image: OpenedImage,
    as: { readonly reference: string; readonly platform: Platform },
  ): Promise<ImageAudit | undefined>;
  close(): Promise<void>;
}

/** One auditor for each platform, made when it's first asked for. */
export function platformAuditors(options: Omit<AuditorOptions, 'platform'>): PlatformAuditors {
  const auditors = new Map<string, Auditor>();
  return {
    async audit(image, { reference, platform }) {
      const name = formatPlatform(platform);
      const auditor = auditors.get(name) ?? createAuditor({ ...options, platform });
      auditors.set(name, auditor);
      const [audit] = await auditor.audit(() => Promise.resolve(image), { reference, written: reference });
      // What an interrupted audit calls unknown is no verdict.
      options.signal?.throwIfAborted();
      return audit;
    },
    close: async () => {
      for (const auditor of auditors.values()) await auditor.close();
    },
  };
}
