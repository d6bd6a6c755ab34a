import { describe, expect, test } from 'vitest';
import { directory, file, symlink, writeElf } from '../../fixture/index.ts';
import { factsOf } from './facts.test-support.ts';

const x86Path = '/usr/lib/x86_64-linux-gnu/libjemalloc.so.2';
const armPath = '/usr/lib/aarch64-linux-gnu/libjemalloc.so.2';
const armLibrary = file(armPath.slice(1), writeElf({ machine: 'arm64', kind: 'library' }));
const x86Library = file(x86Path.slice(1), writeElf({ machine: 'amd64', kind: 'library' }));

function withEnv(...env: readonly string[]) {
  return { config: { Env: env } };
}

test('an LD_PRELOAD that names an x86 path is a warning that names its counterpart', async () => {
  const findings = await factsOf({ ...withEnv(`LD_PRELOAD=${x86Path}`), layers: [[armLibrary]] });
  expect(findings).toMatchObject([
    {
      kind: 'foreign-path-in-environment',
      severity: 'warning',
      found: `LD_PRELOAD names ${x86Path}, which is not there`,
      expected: armPath,
    },
  ]);
  expect(findings[0]?.why).toContain('starts without it');
  expect(findings[0]?.path).toBeUndefined();
});

test('an LD_PRELOAD of a library that is there, for another machine, is a warning', async () => {
  const layers = [[x86Library, symlink('opt/lib.so', x86Path)]];
  expect(await factsOf({ ...withEnv('LD_PRELOAD=/opt/lib.so'), layers })).toMatchObject([
    { severity: 'warning', found: 'LD_PRELOAD names /opt/lib.so, amd64 machine code' },
  ]);
  expect(await factsOf({ ...withEnv('LD_LIBRARY_PATH=/opt/lib.so'), layers })).toEqual([]);
});

describe('a path of another machine that is not there is a warning in', () => {
  test.each([
    ['LD_LIBRARY_PATH=/usr/local/lib:/usr/lib/x86_64-linux-gnu', '/usr/lib/x86_64-linux-gnu'],
    ['JAVA_HOME=/usr/lib/jvm/java-17-openjdk-amd64', '/usr/lib/jvm/java-17-openjdk-amd64'],
    ['PATH=/usr/bin:/opt/node-v20-linux-x64/bin', '/opt/node-v20-linux-x64/bin'],
    ['PYTHONPATH=/opt/lib.linux-x86_64-3.11', '/opt/lib.linux-x86_64-3.11'],
    ['JAVA_OPTS=-Xmx1g -Djna.library.path=/usr/lib/x86_64-linux-gnu', '/usr/lib/x86_64-linux-gnu'],
    ['LDFLAGS=-L/usr/lib/x86_64-linux-gnu -s', '/usr/lib/x86_64-linux-gnu'],
    ['LOADER=/lib64/ld-linux-x86-64.so.2', '/lib64/ld-linux-x86-64.so.2'],
    ['LIB="/usr/lib/i386-linux-gnu/x.so"', '/usr/lib/i386-linux-gnu/x.so'],
  ])('%s', async (variable, path) => {
    const findings = await factsOf({ ...withEnv(variable), layers: [[file('etc/hostname', '')]] });
    expect(findings).toMatchObject([{ kind: 'foreign-path-in-environment', severity: 'warning' }]);
    expect(findings[0]?.found).toContain(`${path},`);
  });

  test('an amd64 image, where the path is for arm64', async () => {
    const spec = { ...withEnv(`LD_PRELOAD=${armPath}`), layers: [[x86Library]] };
    expect(await factsOf({ ...spec, platform: 'linux/amd64' })).toMatchObject([{ expected: x86Path }]);
    expect(await factsOf(spec)).toEqual([]);
  });
});

describe('nothing is said of', () => {
  test.each([
    ['paths of the right machine', `LD_PRELOAD=${armPath}`],
    ['a right path that is not there', 'LD_LIBRARY_PATH=/usr/lib/aarch64-linux-gnu/gone'],
    ['a foreign name that is there', 'JAVA_HOME=/usr/lib/jvm/java-17-openjdk-amd64'],
    ['a list with the paths of both machines', `LD_PRELOAD=${x86Path}:${armPath}`],
    ['addresses', 'DOWNLOAD=https://example.com/tool-linux-amd64'],
    ['words that are no paths', 'TARGET=x86_64-unknown-linux-gnu'],
    ['paths with variables', 'LD_LIBRARY_PATH=/opt/$ARCH/x86_64/lib'],
    ['beginnings of names', 'CROSS_COMPILE=/usr/bin/x86_64-linux-gnu-'],
    ['what is mounted when it starts', 'MODEL=/models/x86_64/m.bin'],
  ])('%s', async (_what, variable) => {
    const findings = await factsOf({
      config: { Env: [variable], Volumes: { '/models/': {} } },
      layers: [[armLibrary, directory('usr/lib/jvm/java-17-openjdk-amd64/')]],
    });
    expect(findings).toEqual([]);
  });
});

test('/etc/ld.so.preload is read like LD_PRELOAD, without its comments', async () => {
  const content = `# ${x86Path}.old\n${x86Path} /opt/x86_64/b.so\n`;
  const findings = await factsOf({ layers: [[file('etc/ld.so.preload', content), armLibrary]] });
  expect(findings).toMatchObject([
    { severity: 'warning', path: '/etc/ld.so.preload', expected: armPath, layer: { index: 0 } },
    { severity: 'warning', found: '/etc/ld.so.preload names /opt/x86_64/b.so, which is not there' },
  ]);
});

test('/etc/environment is read by sessions with a login only: a note', async () => {
  const content = `#X=/opt/amd64\nPATH="/usr/bin:/opt/amd64/bin"\nexport LD_PRELOAD=${x86Path}\n`;
  const findings = await factsOf({ layers: [[file('etc/environment', content)]] });
  expect(findings.map(({ severity, found }) => [severity, found])).toEqual([
    ['note', 'PATH names /opt/amd64/bin, which is not there'],
    ['note', `LD_PRELOAD names ${x86Path}, which is not there`],
  ]);
});

test('secrets in paths are not shown', async () => {
  const findings = await factsOf({
    ...withEnv('TOOL=/opt/amd64/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl'),
    layers: [[file('etc/hostname', '')]],
  });
  expect(findings).toHaveLength(1);
  expect(JSON.stringify(findings)).not.toContain('c2lnbmF0dXJl');
});
