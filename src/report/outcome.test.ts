import { expect, test } from 'vitest';
import { image, imageIn, scanResult, workload } from '../../test/support/scan-result.ts';
import type { ReadinessState } from '../results/index.ts';
import { type FailOn, outcomeOf } from './outcome.ts';

const problem = { file: 'broken.yaml', message: 'not YAML' };

test.each<[ReadinessState, number]>([
  ['ready', 0],
  ['not-an-image', 0],
  ['missing', 1],
  ['pinned', 1],
  ['suspect', 1],
  ['mislabelled', 1],
  ['unknown', 2],
  ['unresolved', 2],
])('field 23: a scan with one image that is %s ends with %i', (state, code) => {
  expect(outcomeOf(scanResult({ images: [image('docker.io/library/a:1'), imageIn(state)] })).code).toBe(code);
});

test('field 23: a file that could not be read is 2', () => {
  expect(outcomeOf(scanResult({ images: [image('docker.io/library/a:1')], problems: [problem] })).code).toBe(
    2,
  );
});

test('field 23: 2 never hides 1', () => {
  const images = [imageIn('unknown'), imageIn('missing'), imageIn('unresolved')];
  expect(outcomeOf(scanResult({ images, problems: [problem] })).code).toBe(1);
});

test.each<[readonly FailOn[], ReadinessState, number]>([
  [['missing'], 'pinned', 0],
  [[], 'missing', 0],
  [['unknown'], 'unknown', 1],
  [['missing'], 'unknown', 2],
  [[], 'unresolved', 2],
  [['not-an-image'], 'not-an-image', 1],
])('field 23: failing on [%s], an image that is %s gives %i', (failOn, state, code) => {
  expect(outcomeOf(scanResult({ images: [imageIn(state)] }), failOn).code).toBe(code);
});

test('a blocking constraint changes the code only where the policy names it', () => {
  const constraint = {
    kind: 'node-selector' as const,
    text: 'kubernetes.io/arch: amd64',
    architectures: ['amd64'],
    required: true,
    blocks: true,
  };
  const result = scanResult({
    images: [imageIn('ready')],
    workloads: [workload('Deployment web', { constraints: [constraint] })],
  });
  expect(outcomeOf(result).code).toBe(0);
  expect(outcomeOf(result, ['constraint']).code).toBe(1);
});

test('a scan that found nothing says so instead of claiming readiness', () => {
  expect(outcomeOf(scanResult({}))).toEqual({ code: 0, reason: 'no image was found' });
});

test('what the policy lets pass is not called ready', () => {
  expect(outcomeOf(scanResult({ images: [imageIn('missing')] }), []).reason).not.toContain('ready');
});
