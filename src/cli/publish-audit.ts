import type { AuditorOptions } from '../audit/index.ts';
import { type Inspect, inspectionOf } from '../publish/index.ts';

/** Audits what is to be published. To be closed. */
export interface PublishAudit {
  readonly inspect: Inspect;
  close(): Promise<void>;
}

/** Each image is audited for what the index will say of it. */
export async function openPublishAudit(options: Omit<AuditorOptions, 'platform'>): Promise<PublishAudit> {
  const { platformAuditors } = await import('../audit/index.ts');
  const auditors = platformAuditors(options);
  return {
    inspect: async ({ reference, repository, layers, digest, platform }) =>
      inspectionOf(
        await auditors.audit({ repository, layers, subject: { digest } }, { reference, platform }),
      ),
    close: () => auditors.close(),
  };
}
