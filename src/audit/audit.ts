import { compareText } from '../core/index.ts';
import { defaultPlatform, formatPlatform } from '../oci/index.ts';
import { formatLocation, openAccess, parseLocation } from '../registry/index.ts';
import {
  type AuditResult,
  type AuditVerdict,
  auditSchemaVersion,
  auditVerdicts,
  type ImageAudit,
  severities,
} from '../results/index.ts';
import { createAuditor } from './auditor.ts';
import type { AuditOptions } from './options.ts';

/**
 * Proves from the bytes whether images are what their labels say. Never throws for what a registry or an image says: that
 * is a finding, or `unknown` with its reason.
 * @throws UsageError or InvalidReferenceError for references, credentials, certificates or a cache that can't be used;
 * the signal's reason.
 */
export async function audit(options: AuditOptions): Promise<AuditResult> {
  const located = options.references.map((written) => ({ written, location: parseLocation(written) }));
  const access = await openAccess(options);
  const auditor = createAuditor(options);
  try {
    const images: ImageAudit[] = [];
    for (const { written, location } of located) {
      const reference = formatLocation(location);
      const audited = await auditor.audit(() => access.open(location), { reference, written });
      images.push(...audited);
    }
    return toResult(images, formatPlatform(options.platform ?? defaultPlatform));
  } finally {
    await auditor.close();
    await access.close();
  }
}

/** The document in its one order, with its sums. */
function toResult(images: readonly ImageAudit[], platform: string): AuditResult {
  const sorted = [...images].sort(
    (left, right) =>
      compareText(left.reference, right.reference) ||
      compareText(left.platform, right.platform) ||
      compareText(left.manifest ?? '', right.manifest ?? ''),
  );
  const findings = images.flatMap((image) => image.findings);
  return {
    schemaVersion: auditSchemaVersion,
    platform,
    summary: {
      images: images.length,
      verdicts: counts<AuditVerdict>(
        auditVerdicts,
        images.map(({ verdict }) => verdict),
      ),
      findings: counts(
        severities,
        findings.map(({ severity }) => severity),
      ),
    },
    images: sorted,
  };
}

function counts<Word extends string>(words: readonly Word[], found: readonly Word[]): Record<Word, number> {
  const all = Object.fromEntries(words.map((word) => [word, 0])) as Record<Word, number>;
  for (const word of found) all[word] += 1;
  return all;
}
