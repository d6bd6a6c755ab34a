import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Observation, observationResults } from '../results/index.ts';
import { claimed, endOf, issue, productOf, seen } from './catalog.test-support.ts';
import { stateOf } from './state.ts';

const product = productOf({
  links: [issue],
  claims: [claimed],
  images: [
    { reference: 'registry.example/app', role: 'server', mirrors: ['copy.example/app'] },
    { reference: 'registry.example/agent', role: 'agent' },
  ],
  workarounds: [{ kind: 'source', text: 'compile it', tested: [{ date: '2025-01-01' }] }],
});
const now = endOf('2026-01-31');

const observation = fc
  .record({
    name: fc.constantFrom('registry.example/app', 'registry.example/agent', 'copy.example/app'),
    tag: fc.constantFrom('1.0.0', '2.0.0', '2.1.0', '2.1', 'latest', 'edge', '2.2.0-rc.1'),
    result: fc.constantFrom(...observationResults.filter((one) => one !== 'unknown')),
    method: fc.constantFrom('audit', 'manifest', 'run', 'build'),
    day: fc.integer({ min: 1, max: 30 }),
    digest: fc.constantFrom('sha256:a', 'sha256:b', undefined),
  })
  .map(({ name, tag, result, method, day, digest }) =>
    seen(`${name}:${tag}`, result, `2026-01-${String(day).padStart(2, '0')}`, {
      method,
      ...(digest === undefined ? {} : { digest }),
    }),
  );
const observations = fc.array(observation, { maxLength: 12 });
const asked = fc.constantFrom(undefined, '2.0.0', '<2.0.0', '>=2');

const state = (all: readonly Observation[], version?: string) =>
  stateOf(product, version, { observations: all, now });
const isGood = ({ result }: Observation) => result === 'multi-arch' || result === 'single-arch';

test('the order of lines makes no difference, nor do repeated ones', () => {
  fc.assert(
    fc.property(observations, fc.infiniteStream(fc.nat()), asked, (all, numbers, version) => {
      const shuffled = [...all, ...all]
        .map((one) => ({ one, key: numbers.next().value }))
        .sort((a, b) => a.key - b.key);
      expect(
        state(
          shuffled.map(({ one }) => one),
          version,
        ),
      ).toEqual(state(all, version));
    }),
  );
});

test('what nobody could determine makes no difference, wherever it stands', () => {
  fc.assert(
    fc.property(observations, fc.array(observation, { maxLength: 6 }), asked, (all, others, version) => {
      const unknown = others.map((one) => ({ ...one, result: 'unknown' as const, reason: 'network' }));
      expect(state([...unknown, ...all, ...unknown], version)).toEqual(state(all, version));
    }),
  );
});

test('supported takes a good audit of each image; regressed takes something bad, and something that it contradicts', () => {
  fc.assert(
    fc.property(observations, asked, (all, version) => {
      const { state: name } = state(all, version);
      const audited = (repository: string) =>
        all.some(
          (one) =>
            one.method === 'audit' &&
            one.result === 'multi-arch' &&
            one.reference.startsWith(`${repository}:`),
        );
      if (name === 'supported')
        expect([audited('registry.example/app'), audited('registry.example/agent')]).toEqual([true, true]);
      if (name === 'regressed') expect(all.some((one) => one.method !== 'build' && !isGood(one))).toBe(true);
    }),
    { numRuns: 500 },
  );
});

test('a bad audit of the newest version is never outweighed by documents', () => {
  fc.assert(
    fc.property(
      fc.array(
        observation.filter(({ method }) => method !== 'audit'),
        { maxLength: 10 },
      ),
      (all) => {
        const bad = seen('3.0.0', 'mislabelled', '2026-01-15');
        expect(state([...all, bad]).state).toBe('regressed');
      },
    ),
  );
});

test('days that pass change ages, and states only by what ends', () => {
  fc.assert(
    fc.property(observations, fc.integer({ min: 1, max: 400 }), (all, days) => {
      const later = stateOf(product, undefined, { observations: all, now: now + days * 86_400_000 });
      const { age, ...rest } = later;
      const { age: before, ...same } = state(all);
      expect(rest).toEqual(same);
      if (before !== undefined) expect(age).toBe(before + days);
    }),
  );
});
