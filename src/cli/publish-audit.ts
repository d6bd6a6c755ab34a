import type { Auditor, AuditorOptions } from '../audit/index.ts';
import { formatPlatform } from '../oci/index.ts';
import { type Inspect, inspectionOf } from '../publish/index.ts';

/** Audits what is to be published. To be closed. */
export interface PublishAudit {
  readonly inspect: Inspect;
  close(): Promise<void>;
}

/** One auditor for each platform: each image is audited for what the index will say of it. */
export async function openPublishAudit(options: Omit<AuditorOptions, 'platform'>): Promise<PublishAudit> {
  const { createAuditor } = await import('../audit/index.ts');
  const auditors = new Map<string, Auditor>();
  return {
    inspect: async ({ reference, repository, layers, digest, platform }) => {
      const name = formatPlatform(platform);
      const auditor = auditors.get(name) ?? createAuditor({ ...options, platform });
      auditors.set(name, auditor);
      const open = () => Promise.resolve({ repository, layers, subject: { digest } });
      const [audit] = await auditor.audit(open, { reference, written: reference });
      // What an interrupted audit calls unknown is no verdict.
      options.signal?.throwIfAborted();
      if (audit !== undefined) return inspectionOf(audit);
      return { ok: false, undetermined: true, why: 'unknown: the audit found no image' };
    },
    close: async () => {
      for (const auditor of auditors.values()) await auditor.close();
    },
  };
}
