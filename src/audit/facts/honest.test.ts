import { describe, expect, test } from 'vitest';
import { executable, file, type Machine, symlink, writeElf } from '../../fixture/index.ts';
import { cacheOf, factsOf } from './facts.test-support.ts';

const names = {
  arm64: {
    triple: 'aarch64-linux-gnu',
    debian: 'arm64',
    alpine: 'aarch64',
    loader: 'lib/ld-linux-aarch64.so.1',
  },
  amd64: {
    triple: 'x86_64-linux-gnu',
    debian: 'amd64',
    alpine: 'x86_64',
    loader: 'lib64/ld-linux-x86-64.so.2',
  },
} as const;

describe.each([
  ['arm64', 0x0a03],
  ['amd64', 0x0303],
] as const)('of an honest %s image nothing is said', (machine: keyof typeof names & Machine, flags) => {
  const { triple, debian, alpine, loader } = names[machine];
  const program = writeElf({ machine, interpreter: true, needed: ['libc.so.6'] });
  const library = writeElf({ machine, kind: 'library' });
  const platform = `linux/${machine}`;

  test('made of Debian packages', async () => {
    const preload = `/usr/lib/${triple}/libjemalloc.so.2`;
    const entry = `#!/bin/sh\n[ "$(uname -m)" = x86_64 ] && d=x86_64-linux-gnu\nLD_PRELOAD=${preload} exec "$@"\n`;
    const layers = [
      [
        symlink('lib', 'usr/lib'),
        symlink('lib64', 'usr/lib64'),
        executable(`usr/${loader}`, library),
        executable('usr/bin/app', program),
        file(preload.slice(1), library),
        file('etc/ld.so.cache', cacheOf([flags, flags])),
        file('etc/ld.so.preload', `${preload}\n`),
        file('etc/environment', 'PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin"\n'),
        file('var/lib/dpkg/status', `Package: a\nStatus: install ok installed\nArchitecture: ${debian}\n`),
        executable('entrypoint.sh', entry),
      ],
    ];
    const config = {
      Env: ['PATH=/usr/sbin:/usr/bin', `LD_PRELOAD=${preload}`, `LOADER=/${loader}`],
      Labels: { architecture: alpine },
    };
    expect(await factsOf({ platform, layers, config }, { starts: 'entrypoint.sh' })).toEqual([]);
  });

  test('made of Alpine packages', async () => {
    const layers = [
      [
        executable('app', writeElf({ machine, interpreter: `/lib/ld-musl-${alpine}.so.1` })),
        file('lib/apk/db/installed', `P:musl\nA:${alpine}\n\nP:tzdata\nA:noarch\n`),
        file('etc/apk/arch', `${alpine}\n`),
      ],
    ];
    expect(await factsOf({ platform, layers })).toEqual([]);
  });

  test('of one static program', async () => {
    expect(await factsOf({ platform, layers: [[executable('app', writeElf({ machine }))]] })).toEqual([]);
  });
});
