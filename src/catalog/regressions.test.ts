import { describe, expect, test } from 'vitest';
import type { ObservationResult } from '../results/index.ts';
import { claimed, endOf, productOf, seen } from './catalog.test-support.ts';
import { stateOf } from './state.ts';

const now = endOf('2026-01-31');

/** What happened to projects' arm64 images in public, as the observations that armload would have made of it. */
describe('would have been found by itself:', () => {
  test.each<[string, ObservationResult]>([
    ['cloudposse/atmos#2931: the userland was of another machine in every tag', 'mislabelled'],
    ['BerriAI/litellm#29382: a base pinned to one platform, and both entries with its layers', 'mislabelled'],
    ['grafana/xk6#233: the program was of another machine', 'mislabelled'],
    ['kubernetes-sigs/aws-efs-csi-driver#1544', 'mislabelled'],
    ['metallb/metallb#1476', 'mislabelled'],
    ['enix/kube-image-keeper#67', 'mislabelled'],
    ['containrrr/watchtower#779', 'mislabelled'],
    ['coredns/coredns#3669', 'mislabelled'],
    ['projectcalico/calico#4256', 'mislabelled'],
    ['paradigmxyz/centaur#587', 'mislabelled'],
    ['raspbernetes #39 and #56', 'mislabelled'],
    ['docker-library/official-images#16859: index and config disagreed', 'partial'],
    ['rivenmedia/riven-ts#87: one native module', 'partial'],
    ['kubernetes-sigs/apiserver-network-proxy#309: withdrawn, because it was wrong', 'none'],
    ['kubernetes-sigs/cluster-proportional-autoscaler#66: the platform was dropped', 'none'],
  ])('%s', (_thread, result) => {
    const before = seen('1.0.0', 'multi-arch', '2025-12-01', { method: 'manifest' });
    const after = seen('1.1.0', result, '2026-01-01', { method: result === 'none' ? 'manifest' : 'audit' });
    const judged = (members: Parameters<typeof productOf>[0], ...all: (typeof after)[]) =>
      stateOf(productOf(members), undefined, { observations: all, now });
    // Seen before, or only claimed: either is enough. With neither, nothing is lost that was there.
    expect(judged({}, before, after)).toMatchObject({ state: 'regressed', since: after.at });
    expect(judged({ claims: [{ ...claimed, versions: '>=1.0.0' }] }, after).state).toBe('regressed');
    expect(judged({}, after).state).toBe('unsupported');
    // A release that was read and is right ends it; one that only claims to be, after wrong bytes, doesn't.
    expect(judged({}, before, after, seen('1.2.0', 'multi-arch', '2026-01-20')).state).toBe('supported');
    const listed = seen('1.2.0', 'multi-arch', '2026-01-20', { method: 'manifest' });
    expect(judged({}, before, after, listed).state).toBe(result === 'none' ? 'unknown' : 'regressed');
  });

  test('kubernetes-sigs/aws-ebs-csi-driver#1136: the copy in another registry lost it', () => {
    const product = productOf({
      images: [{ reference: 'registry.example/app', role: 'server', mirrors: ['copy.example/app'] }],
    });
    const observations = [
      seen('1.0.0', 'multi-arch', '2026-01-01'),
      seen('copy.example/app:1.0.0', 'none', '2026-01-01', { method: 'manifest' }),
    ];
    expect(stateOf(product, undefined, { observations, now })).toMatchObject({
      state: 'supported',
      findings: [{ kind: 'copies-disagree' }],
    });
  });
});
