import { describe, expect, test } from 'vitest';
import { executable, file, symlink, writeElf } from '../../fixture/index.ts';
import type { SubjectSpec } from '../subject.test-support.ts';
import { callOf, planCommands } from './commands.ts';
import { smokeImageOf } from './image.test-support.ts';

const arm64 = writeElf({ machine: 'arm64' });
const amd64 = writeElf({ machine: 'amd64' });

async function planned(spec: SubjectSpec, traced: readonly (readonly string[])[], commands?: string[][]) {
  return planCommands(await smokeImageOf(spec, traced), commands === undefined ? {} : { commands });
}

function firstTries(plan: Awaited<ReturnType<typeof planned>>): unknown[] {
  return plan.map((command) => (command.kind === 'run' ? command.tries[0] : command.result));
}

describe('what the image starts', () => {
  test('each program of machine code is asked for its version, once', async () => {
    const plan = await planned(
      {
        layers: [
          [
            executable('entry.sh', '#!/bin/sh\n'),
            executable('bin/sh', arm64),
            executable('bin/tini', arm64),
            executable('srv/app', arm64),
          ],
        ],
      },
      [
        ['/bin/tini', '/entry.sh', '/bin/sh'],
        ['/bin/tini', '/srv/app'],
      ],
    );
    expect(firstTries(plan)).toEqual([
      ['/bin/tini', '--version'],
      ['/bin/sh', '-c', 'exit 0'],
      ['/srv/app', '--version'],
    ]);
  });

  test.each([
    ['java', ['-version']],
    ['nginx', ['-v']],
    ['bash', ['-c', 'exit 0']],
    ['busybox', ['true']],
    ['python3', ['--version']],
  ])('%s is asked its own way', async (name, words) => {
    const plan = await planned({ layers: [[executable(`usr/bin/${name}`, arm64)]] }, [[`/usr/bin/${name}`]]);
    expect(firstTries(plan)).toEqual([[`/usr/bin/${name}`, ...words]]);
  });

  test('a program that is many is called by its name, as it would be', async () => {
    const spec = {
      layers: [[executable('bin/busybox', arm64), symlink('bin/sh', 'busybox')]],
      config: { Env: ['PATH=/bin'] },
    };
    const plan = await planned(spec, [['/bin/sh']]);
    expect(firstTries(plan)).toEqual([['/bin/sh', '-c', 'exit 0']]);
  });

  test('machine code of another machine is not run: the host might well run it', async () => {
    const plan = await planned({ layers: [[executable('app', amd64)]] }, [['/app']]);
    expect(plan).toEqual([
      expect.objectContaining({
        kind: 'refused',
        result: 'not-run',
        why: expect.stringContaining('amd64 machine code'),
      }),
    ]);
  });

  test('health checks, and what does not end in machine code, are left out', async () => {
    const image = await smokeImageOf({ layers: [[executable('app', arm64)]] }, [['/app'], ['/app']]);
    const [first, second] = image.traces;
    if (first === undefined || second === undefined) throw new Error('two traces');
    const traces = [
      { ...first, role: 'healthcheck' as const },
      { ...second, end: { kind: 'not-found' as const, why: 'no' } },
    ];
    expect(planCommands({ ...image, traces }, {})).toEqual([]);
  });

  test('no more than eight programs are tried', async () => {
    const names = Array.from({ length: 20 }, (_, index) => `bin/p${index}`);
    const plan = await planned(
      { layers: [names.map((name) => executable(name, arm64))] },
      names.map((name) => [`/${name}`]),
    );
    expect(plan).toHaveLength(8);
  });
});

describe('commands that are given', () => {
  const spec: SubjectSpec = {
    layers: [
      [
        executable('opt/bin/app', arm64),
        executable('srv/tool', arm64),
        file('opt/bin/data', 'x'),
        executable('opt/bin/other', amd64),
      ],
    ],
    config: { Env: ['PATH=/none:/opt/bin'], WorkingDir: '/srv' },
  };

  test('are found on the PATH of the image, and from its working directory', async () => {
    expect(firstTries(await planned(spec, [], [['app', 'self-test'], ['./tool']]))).toEqual([
      ['/opt/bin/app', 'self-test'],
      ['/srv/./tool'],
    ]);
  });

  test('are all there is to run', async () => {
    expect(await planned(spec, [['/srv/tool']], [['app']])).toEqual([
      { kind: 'run', asked: true, tries: [['/opt/bin/app']] },
    ]);
  });

  test('that name nothing executable have failed; of another machine, or not to be passed on, they are not run', async () => {
    const plan = await planned(
      spec,
      [],
      [['nothing'], ['data'], ['other'], [], ['app', 'a\0b'], ['app', '\udc80']],
    );
    expect(firstTries(plan)).toEqual(['failed', 'failed', 'not-run', 'not-run', 'not-run', 'not-run']);
  });
});

test('a program gets the environment of the image, a PATH, and nothing else', async () => {
  const { subject } = await smokeImageOf({
    layers: [[file('x', '')]],
    config: { Env: ['A=1=2', 'B', 'C=\0'], WorkingDir: '/x' },
  });
  expect(callOf(subject, ['/x'])).toEqual({
    words: ['/x'],
    environment: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'A=1=2', 'B='],
    workingDirectory: '/',
  });
});
