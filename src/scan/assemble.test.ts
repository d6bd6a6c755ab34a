import { describe, expect, test } from 'vitest';
import type { FoundUse, FoundWorkload } from '../inventory/index.ts';
import { defaultPlatform } from '../oci/index.ts';
import type { Judgement } from '../readiness/index.ts';
import { scanResultSchema } from '../results/index.ts';
import { assemble } from './assemble.ts';
import { groupUses } from './group.ts';

function use(written: string, workload: string, more: Partial<FoundUse['use']> = {}): FoundUse {
  return { written, use: { source: 'kubernetes', file: 'a.yaml', line: 1, column: 1, workload, ...more } };
}

function workload(name: string, more: Partial<FoundWorkload> = {}): FoundWorkload {
  return { name, source: 'kubernetes', file: 'a.yaml', line: 1, constraints: [], ...more };
}

function judged(
  uses: readonly FoundUse[],
  states: Readonly<Record<string, Judgement['readiness']['state']>>,
) {
  return groupUses(uses).map((group) => {
    const state = states[group.name.replace(/^docker.io\/library\//, '')] ?? 'ready';
    return { group, judgement: { readiness: { state }, platforms: [], evidence: [], remedies: [] } };
  });
}

function result(
  uses: readonly FoundUse[],
  workloads: readonly FoundWorkload[],
  states: Parameters<typeof judged>[1] = {},
) {
  return assemble({ uses, workloads, problems: [] }, judged(uses, states), defaultPlatform);
}

describe('images', () => {
  test('spelled differently are one, with each spelling and every use', () => {
    const { images } = result(
      [
        use('nginx', 'Pod a'),
        use('docker.io/library/nginx:latest', 'Pod b', { line: 9 }),
        use('index.docker.io/nginx', 'Pod c', { line: 5 }),
      ],
      [],
    );
    expect(images).toHaveLength(1);
    expect(images[0]).toMatchObject({
      reference: 'docker.io/library/nginx:latest',
      written: ['docker.io/library/nginx:latest', 'index.docker.io/nginx', 'nginx'],
    });
    expect(images[0]?.uses.map(({ line }) => line)).toEqual([1, 5, 9]);
  });

  test('that can not be resolved keep their text and reason apart from images of that name', () => {
    const uses = [{ ...use('app', 'Pod a'), unresolved: 'because' }, use('app', 'Pod b')];
    expect(result(uses, []).images.map(({ reference }) => reference)).toEqual([
      'app',
      'docker.io/library/app:latest',
    ]);
  });
});

describe('a workload', () => {
  test('is ready when all its images are', () => {
    const uses = [use('web', 'Deployment a'), use('old', 'Deployment b'), use('web', 'Deployment b')];
    const { workloads, summary } = result(uses, [workload('Deployment b'), workload('Deployment a')], {
      'old:latest': 'missing',
    });
    expect(workloads.map(({ name, ready }) => [name, ready])).toEqual([
      ['Deployment a', true],
      ['Deployment b', false],
    ]);
    expect(workloads[1]?.blockers).toEqual([
      { reference: 'docker.io/library/old:latest', readiness: { state: 'missing' } },
    ]);
    expect(summary).toMatchObject({ workloads: 2, readyWorkloads: 1, uses: 3 });
  });

  test('of the same name in another file is another workload', () => {
    const uses = [use('web', 'Pod a'), use('old', 'Pod a', { file: 'b.yaml' })];
    const { workloads } = result(uses, [workload('Pod a'), workload('Pod a', { file: 'b.yaml' })], {
      'old:latest': 'missing',
    });
    expect(workloads.map(({ file, ready }) => [file, ready])).toEqual([
      ['a.yaml', true],
      ['b.yaml', false],
    ]);
  });

  test('is not blocked by a wrong guess, but by a chart where an image must stand', () => {
    const uses = [use('chart', 'Thing a', { guess: true }), use('chart', 'Pod b')];
    const { workloads } = result(uses, [workload('Thing a'), workload('Pod b')], {
      'chart:latest': 'not-an-image',
    });
    expect(workloads.map(({ name, ready }) => [name, ready])).toEqual([
      ['Pod b', false],
      ['Thing a', true],
    ]);
  });

  test.each([
    [['amd64'], true, true],
    [['amd64', 'arm64'], true, false],
    [['amd64'], false, false],
    [[], true, true],
  ])('whose constraint allows %j (required: %s) is kept off arm64: %s', (architectures, required, blocks) => {
    const constraint = { kind: 'node-selector' as const, text: 'x', architectures, required };
    const { workloads } = result([use('web', 'Pod a')], [workload('Pod a', { constraints: [constraint] })]);
    expect(workloads[0]?.constraints[0]?.blocks).toBe(blocks);
    expect(workloads[0]?.ready).toBe(true);
  });
});

test('field 24: the result is the same whatever order things were found in, and fits its schema', () => {
  const uses = [
    use('b', 'Pod b', { line: 3 }),
    use('a', 'Pod a', { line: 2 }),
    { ...use('$X', 'Pod c'), unresolved: 'a variable' },
    use('a', 'Pod b', { line: 4 }),
  ];
  const workloads = [workload('Pod b', { line: 3 }), workload('Pod a', { line: 2 }), workload('Pod c')];
  const forwards = result(uses, workloads);
  const backwards = result([...uses].reverse(), [...workloads].reverse());
  expect(JSON.stringify(backwards)).toBe(JSON.stringify(forwards));
  expect(scanResultSchema.parse(forwards)).toEqual(forwards);
});
