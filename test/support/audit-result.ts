import {
  type AuditResult,
  type AuditVerdict,
  auditSchemaVersion,
  auditVerdicts,
  type Finding,
  type ImageAudit,
  type Severity,
  type SmokeRun,
  severities,
} from '../../src/results/index.ts';

/** One image as an audit gives it, right unless the fields say otherwise. */
export function imageAudit(reference: string, fields: Partial<ImageAudit> = {}): ImageAudit {
  return {
    reference,
    written: reference,
    platform: 'linux/arm64',
    verdict: 'right',
    why: 'what it starts is arm64 machine code, and its documents say so',
    entries: [],
    findings: [],
    findingsOmitted: 0,
    causes: [],
    platforms: ['linux/amd64', 'linux/arm64'],
    ...fields,
  };
}

/** An image with this verdict. */
export function auditIn(verdict: AuditVerdict, reference = `docker.io/library/${verdict}:1`): ImageAudit {
  return imageAudit(reference, {
    verdict,
    why: `it is ${verdict}`,
    ...(verdict === 'unknown' ? { reason: 'timeout' } : {}),
  });
}

/** Foreign machine code, unless the fields say otherwise. */
export function finding(severity: Severity, fields: Partial<Finding> = {}): Finding {
  return {
    kind: 'foreign-code',
    severity,
    found: 'an amd64 ELF program',
    expected: 'arm64 machine code',
    why: 'it can not run on arm64 hosts',
    ...fields,
  };
}

export function smokeRun(result: SmokeRun['result'], fields: Partial<SmokeRun> = {}): SmokeRun {
  return {
    command: ['nginx', '-v'],
    means: 'docker',
    result,
    why: `it is ${result}`,
    ...fields,
  };
}

/** A whole result, with the summary counted from its images. */
export function auditResult(images: readonly ImageAudit[]): AuditResult {
  const found = images.flatMap((image) => image.findings);
  return {
    schemaVersion: auditSchemaVersion,
    platform: 'linux/arm64',
    summary: {
      images: images.length,
      verdicts: tally(
        auditVerdicts,
        images.map((image) => image.verdict),
      ),
      findings: tally(
        severities,
        found.map((one) => one.severity),
      ),
    },
    images: [...images],
  };
}

function tally<Word extends string>(words: readonly Word[], found: readonly Word[]): Record<Word, number> {
  const counts = words.map((word) => [word, found.filter((one) => one === word).length]);
  return Object.fromEntries(counts) as Record<Word, number>;
}
