import { describe, expect, test } from 'vitest';
import { directory, executable } from '../../fixture/index.ts';
import { factsOf } from './facts.test-support.ts';

const preload = 'export LD_PRELOAD=/usr/lib/x86_64-linux-gnu/libjemalloc.so.2';

function script(path: string, ...lines: readonly string[]) {
  return executable(path, `#!/bin/sh\n${lines.join('\n')}\nexec "$@"\n`);
}

test('a script that is started and names an x86 path that is not there is a warning, with its lines', async () => {
  const layers = [[script('entrypoint.sh', preload)]];
  expect(await factsOf({ layers }, { starts: 'entrypoint.sh' })).toMatchObject([
    {
      kind: 'script-mentions',
      severity: 'warning',
      role: 'entrypoint',
      path: '/entrypoint.sh',
      found: `line 2: ${preload}`,
      why: expect.stringContaining('/usr/lib/x86_64-linux-gnu/libjemalloc.so.2 is not there'),
    },
  ]);
});

test('any other script is a note', async () => {
  expect(await factsOf({ layers: [[script('usr/bin/tool', preload)]] })).toMatchObject([
    { kind: 'script-mentions', severity: 'note', path: '/usr/bin/tool' },
  ]);
});

test('a download for x86 is a note, without its password', async () => {
  const layers = [[script('get.sh', 'curl -O https://me:pa55word@example.com/tool-linux-amd64')]];
  const findings = await factsOf({ layers }, { starts: 'get.sh' });
  expect(findings).toMatchObject([{ severity: 'note', path: '/get.sh' }]);
  expect(JSON.stringify(findings)).not.toContain('pa55word');
});

test('of many lines the first are shown', async () => {
  const lines = Array.from({ length: 9 }, (_, at) => `cp /opt/linux-x64/${at} /`);
  const [finding] = await factsOf({ layers: [[script('a.sh', ...lines)]] });
  expect(finding?.found).toBe(
    'line 2: cp /opt/linux-x64/0 /; line 3: cp /opt/linux-x64/1 /; line 4: cp /opt/linux-x64/2 /; and 6 more',
  );
});

describe('nothing is said', () => {
  test('of an amd64 image', async () => {
    expect(await factsOf({ platform: 'linux/amd64', layers: [[script('a.sh', preload)]] })).toEqual([]);
  });

  test('of a path that is there', async () => {
    const layers = [[script('a.sh', 'ls /opt/linux-x64'), directory('opt/linux-x64/')]];
    expect(await factsOf({ layers }, { starts: 'a.sh' })).toEqual([]);
  });

  test('of a script that knows of more machines', async () => {
    const layers = [[script('a.sh', 'case $(uname -m) in x86_64) d=linux-x64;; esac')]];
    expect(await factsOf({ layers }, { starts: 'a.sh' })).toEqual([]);
  });
});

test('the place of the x86-64 loader is a mention by itself', async () => {
  const layers = [[script('a.sh', 'exec /lib64/ld-2.31.so /app')]];
  expect(await factsOf({ layers }, { starts: 'a.sh' })).toMatchObject([{ severity: 'warning' }]);
});
