import { describe, expect, test } from 'vitest';
import { type AuditVerdict, auditVerdicts, type ImageAudit, observationSchema } from '../results/index.ts';
import { observationOf } from './index.ts';

const digest = `sha256:${'1'.repeat(64)}`;
const manifest = `sha256:${'2'.repeat(64)}`;

function auditOf(verdict: AuditVerdict, parts: Partial<ImageAudit> = {}): ImageAudit {
  return {
    reference: 'registry.example/app:1',
    written: 'app:1',
    platform: 'linux/arm64',
    digest,
    manifest,
    verdict,
    why: 'it was read',
    entries: [],
    findings: [],
    findingsOmitted: 0,
    causes: [],
    platforms: ['linux/arm64'],
    ...parts,
  };
}

const as = {
  reference: 'registry.example/app:1.15.0',
  platform: 'linux/arm64',
  method: 'build',
  at: Date.UTC(2026, 0, 1),
  of: 'image',
} as const;

describe('the observation of an audit', () => {
  test('of what was built says so, with what it is', () => {
    const seen = observationOf(auditOf('right'), as);
    expect(seen).toEqual({
      reference: 'registry.example/app:1.15.0',
      platform: 'linux/arm64',
      digest,
      image: manifest,
      at: '2026-01-01T00:00:00.000Z',
      method: 'build',
      result: 'single-arch',
      why: 'the bytes say right: it was read',
    });
    expect(observationOf(auditOf('right'), { ...as, of: 'index' }).result).toBe('multi-arch');
  });

  test('has a word for each verdict', () => {
    const results = auditVerdicts.map((verdict) => [verdict, observationOf(auditOf(verdict), as).result]);
    expect(Object.fromEntries(results)).toEqual({
      right: 'single-arch',
      mixed: 'partial',
      mislabelled: 'mislabelled',
      'metadata-wrong': 'partial',
      broken: 'partial',
      missing: 'none',
      'not-an-image': 'none',
      unknown: 'unknown',
    });
  });

  test('says why nobody could tell', () => {
    expect(observationOf(auditOf('unknown', { reason: 'too-large' }), as)).toMatchObject({
      result: 'unknown',
      reason: 'too-large',
    });
  });

  test('is never longer than what is kept', () => {
    const seen = observationOf(auditOf('broken', { why: '\u{1f600}'.repeat(3000) }), as);
    expect(observationSchema.parse(seen)).toEqual(seen);
  });
});
