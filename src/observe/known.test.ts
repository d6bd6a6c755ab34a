import { describe, expect, test } from 'vitest';
import {
  type Observation,
  type ObservationResult,
  observationResults,
  observationSchema,
} from '../results/index.ts';
import { lastKnown, withEarlierAudit } from './known.ts';
import { regressionBetween } from './regression.ts';

const image = `sha256:${'1'.repeat(64)}`;
const other = `sha256:${'2'.repeat(64)}`;

function saw(result: ObservationResult, parts: Partial<Observation> = {}): Observation {
  return observationSchema.parse({
    reference: 'registry.example/app:1',
    platform: 'linux/arm64',
    at: '2026-01-01T00:00:00.000Z',
    method: 'manifest',
    image,
    result,
    why: 'the index says so',
    ...parts,
  });
}

const later = '2026-02-01T00:00:00.000Z';

describe('a regression', () => {
  test.each([
    ['none', 'lost'],
    ['gone', 'gone'],
    ['mislabelled', 'mislabelled'],
  ] as const)('is what was good and is now %s', (result, kind) => {
    for (const good of ['multi-arch', 'single-arch'] as const) {
      expect(regressionBetween(saw(good), saw(result, { at: later }))?.kind).toBe(kind);
    }
  });

  test('is never what nobody could tell, nor anything after what was not known to be good', () => {
    for (const before of observationResults) {
      expect(regressionBetween(saw(before), saw('unknown', { reason: 'timeout' }))).toBeUndefined();
      if (before === 'multi-arch' || before === 'single-arch') continue;
      for (const after of observationResults)
        expect(regressionBetween(saw(before), saw(after))).toBeUndefined();
    }
    expect(regressionBetween(undefined, saw('none'))).toBeUndefined();
  });

  test('is not a helper that an audit finds in the image that was there all along', () => {
    expect(regressionBetween(saw('multi-arch'), saw('partial', { method: 'audit' }))).toBeUndefined();
    expect(
      regressionBetween(saw('multi-arch'), saw('partial', { method: 'audit', image: other }))?.kind,
    ).toBe('partial');
    expect(
      regressionBetween(saw('multi-arch', { method: 'audit' }), saw('partial', { method: 'audit' }))?.kind,
    ).toBe('partial');
  });

  test('says when it was right, and where the tag has gone', () => {
    const regression = regressionBetween(
      saw('multi-arch', { digest: image }),
      saw('none', { digest: other, at: later }),
    );
    expect(regression?.why).toBe(
      `on 2026-01-01 it had linux/arm64, now it has none: the tag has moved from ${image} to ${other}`,
    );
  });
});

describe('what is known', () => {
  test('is the newest that somebody could tell, of one reference and platform', () => {
    const observations = [
      saw('unknown', { reason: 'timeout', at: '2026-03-01T00:00:00.000Z' }),
      saw('none', { at: later }),
      saw('multi-arch'),
      saw('gone', { reference: 'registry.example/app:2', at: '2026-03-01T00:00:00.000Z' }),
      saw('gone', { platform: 'linux/s390x', at: '2026-03-01T00:00:00.000Z' }),
    ];
    expect(lastKnown(observations, saw('multi-arch'))?.result).toBe('none');
  });

  test('of the bytes holds while a reference names the same image', () => {
    const lying = saw('mislabelled', { method: 'audit', why: 'the bytes are amd64' });
    const seen = withEarlierAudit(saw('multi-arch', { at: later, reference: 'registry.example/app:2' }), [
      lying,
    ]);
    expect(seen).toMatchObject({ result: 'mislabelled', method: 'audit', at: later });
    expect(seen.why).toContain('the bytes are amd64');
    expect(withEarlierAudit({ ...seen, method: 'manifest', result: 'multi-arch' }, [lying, seen]).why).toBe(
      seen.why,
    );
    expect(withEarlierAudit(saw('multi-arch', { at: later, image: other }), [lying])).toMatchObject({
      result: 'multi-arch',
      method: 'manifest',
    });
  });

  test('of the bytes says nothing of a reference that lost its image, or that nobody could ask', () => {
    const proved = saw('multi-arch', { method: 'audit' });
    for (const result of ['none', 'gone', 'unknown', 'partial'] as const) {
      const seen = saw(result, { at: later });
      expect(withEarlierAudit(seen, [proved])).toBe(seen);
    }
    expect(withEarlierAudit(saw('single-arch', { at: later }), [proved])).toMatchObject({
      result: 'single-arch',
      method: 'audit',
    });
  });
});
