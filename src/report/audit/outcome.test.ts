import { expect, test } from 'vitest';
import { auditIn, auditResult, finding, imageAudit, smokeRun } from '../../../test/support/audit-result.ts';
import type { AuditVerdict, ImageAudit, Severity, SmokeRun } from '../../results/index.ts';
import { auditVerdicts } from '../../results/index.ts';
import { type AuditFailOn, auditFailOnWords, auditOutcomeOf, defaultAuditFailOn } from './outcome.ts';

function codeOf(image: Partial<ImageAudit>, failOn?: readonly AuditFailOn[]): number {
  return auditOutcomeOf(auditResult([imageAudit('docker.io/a/b:1', image)]), failOn).code;
}

test.each<[AuditVerdict, number]>([
  ['right', 0],
  ['mixed', 0],
  ['not-an-image', 0],
  ['mislabelled', 1],
  ['metadata-wrong', 1],
  ['broken', 1],
  ['missing', 1],
  ['unknown', 2],
])('an audit with one image that is %s ends with %i', (verdict, code) => {
  expect(auditOutcomeOf(auditResult([imageAudit('docker.io/a/b:1'), auditIn(verdict)])).code).toBe(code);
});

test('every verdict but "right" can be failed on', () => {
  for (const verdict of auditVerdicts.filter((one) => one !== 'right')) {
    expect(auditFailOnWords).toContain(verdict);
    expect(auditOutcomeOf(auditResult([auditIn(verdict)]), [verdict])).toMatchObject({ code: 1 });
  }
});

test.each<[Severity, readonly AuditFailOn[], number]>([
  ['error', ['error'], 1],
  ['error', ['warning'], 1],
  ['error', ['note'], 1],
  ['warning', ['error'], 0],
  ['warning', ['warning'], 1],
  ['warning', ['error', 'warning'], 1],
  ['note', ['warning'], 0],
  ['note', ['note'], 1],
  ['error', ['mislabelled'], 0],
  ['error', [], 0],
  ['error', defaultAuditFailOn, 1],
  ['warning', defaultAuditFailOn, 0],
])('a finding that is a %s, failing on [%s], gives %i', (severity, failOn, code) => {
  expect(codeOf({ findings: [finding(severity)] }, failOn)).toBe(code);
});

test('foreign code of which nobody knows makes the audit undetermined, whatever the policy', () => {
  const findings = [finding('warning', { verdict: 'unknown' })];
  expect(codeOf({ findings })).toBe(2);
  expect(codeOf({ findings }, [])).toBe(2);
});

test('data that only looks like machine code, or that nothing starts, leaves the audit determined', () => {
  expect(codeOf({ findings: [finding('note', { verdict: 'unknown' })] })).toBe(0);
  expect(codeOf({ findings: [finding('note', { verdict: 'inert' })] })).toBe(0);
});

test.each<[SmokeRun['result'], number]>([
  ['passed', 0],
  ['failed', 1],
  ['emulator-fault', 2],
  ['not-run', 2],
])('a smoke run that is %s gives %i, whatever the policy', (result, code) => {
  const runs = [smokeRun('passed'), smokeRun(result)];
  expect([codeOf({ runs }), codeOf({ runs }, [])]).toEqual([code, code]);
});

test('findings that were left out are undetermined, unless they can only be notes', () => {
  expect(codeOf({ findings: [finding('warning')], findingsOmitted: 3 })).toBe(2);
  expect(codeOf({ findings: [finding('warning'), finding('note')], findingsOmitted: 3 })).toBe(0);
  expect(codeOf({ findings: [], findingsOmitted: 1 })).toBe(2);
});

test('2 never hides 1', () => {
  const undetermined = auditIn('unknown');
  for (const bad of [
    auditIn('mislabelled'),
    imageAudit('docker.io/a/b:1', { findings: [finding('error')] }),
    imageAudit('docker.io/a/b:1', { runs: [smokeRun('not-run'), smokeRun('failed')] }),
  ]) {
    expect(auditOutcomeOf(auditResult([undetermined, bad])).code).toBe(1);
  }
});

test('the reason is the gravest one, and nothing is called right that is only let pass', () => {
  const worst = [auditIn('metadata-wrong'), auditIn('mislabelled'), auditIn('missing')];
  expect(auditOutcomeOf(auditResult(worst)).reason).toBe('an image is not what its label says');
  expect(auditOutcomeOf(auditResult([auditIn('mislabelled')]), []).reason).toBe(
    'nothing the policy fails on',
  );
  expect(auditOutcomeOf(auditResult([])).reason).toBe('no image was audited');
  expect(auditOutcomeOf(auditResult([auditIn('right')])).reason).toBe('every image is what its label says');
});
