import { expect, test } from 'vitest';
import { auditIn, finding, imageAudit } from '../../test/support/audit-result.ts';
import { type AuditVerdict, auditVerdicts } from '../results/index.ts';
import { inspectionOf } from './inspection.ts';

test('of all verdicts only "right" and "mixed" may be published', () => {
  const allowed = auditVerdicts.filter((verdict) => inspectionOf(auditIn(verdict)).ok);
  expect(allowed).toEqual(['right', 'mixed'] satisfies AuditVerdict[]);
});

test('"unknown" is told from what is known to be wrong', () => {
  expect(inspectionOf(auditIn('unknown'))).toMatchObject({ ok: false, undetermined: true });
  expect(inspectionOf(auditIn('broken'))).not.toHaveProperty('undetermined');
});

test.each([
  ['reachable', false],
  ['shadowed', true],
  ['inert', true],
  ['unknown', true],
] as const)('a mixed image whose foreign code is %s', (verdict, ok) => {
  const audit = imageAudit('a', { verdict: 'mixed', findings: [finding('error', { verdict })] });
  expect(inspectionOf(audit).ok).toBe(ok);
});
