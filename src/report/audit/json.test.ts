import { expect, test } from 'vitest';
import { auditResult, finding, imageAudit, smokeRun } from '../../../test/support/audit-result.ts';
import { auditResultSchema } from '../../results/index.ts';
import { formats } from '../formats.ts';

test('the JSON of an audit is the document itself, as its schema says, and drives no terminal', () => {
  const result = auditResult([
    imageAudit('docker.io/acme/web:1', {
      findings: [finding('error', { path: '/\u001b[2J\u202e\nx' })],
      runs: [smokeRun('passed', { output: '\u0007' })],
    }),
  ]);
  const text = formats.find(({ name }) => name === 'json')?.renderAudit(result, {}) ?? '';
  expect(auditResultSchema.parse(JSON.parse(text))).toEqual(result);
  expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
});
