import { describe, expect, test } from 'vitest';
import { compareVersions, coordinatesOf, repositoryPath } from './coordinates.ts';
import { readNativeJars } from './native-jars.ts';

const artifacts = [
  { group: 'org.example', artifact: 'tool' },
  { group: 'org.example', artifact: 'tool-native' },
];
const classifiers = ['linux-x86_64', 'linux-x86_64-fedora', 'linux'];

describe('what a jar is, by its name', () => {
  test.each([
    ['lib/tool-1.0.jar', 'tool 1.0'],
    ['lib/tool-1.0-linux-x86_64.jar', 'tool 1.0 linux-x86_64'],
    ['lib/tool-1.0-linux-x86_64-fedora.jar', 'tool 1.0 linux-x86_64-fedora'],
    ['lib/tool-native-2.0.61.Final-linux.jar', 'tool-native 2.0.61.Final linux'],
    ['lib/tool-1.0-SNAPSHOT.jar', 'tool 1.0-SNAPSHOT'],
    ['root/.m2/repository/com/acme/thing/3.1/thing-3.1.jar', 'thing 3.1'],
  ])('%s is %s', (path, expected) => {
    const { artifact, version, classifier } = coordinatesOf(path, artifacts, classifiers) ?? {};
    expect([artifact, version, classifier].filter((one) => one !== undefined).join(' ')).toBe(expected);
  });

  test.each([
    'lib/tool.jar',
    'lib/toolbox-1.0.jar',
    'lib/tool-old.jar',
    'lib/tool-1.0.war',
    'lib/other-1.0.jar',
    'lib/tool-1.0 /x.jar',
    'lib/tool-1..0.jar',
    'lib/tool-1.0%2f.jar',
  ])('%s is nothing that is known', (path) => {
    expect(coordinatesOf(path, artifacts, classifiers)).toBeUndefined();
  });

  test('gives its place in a repository', () => {
    const coordinates = { group: 'org.example', artifact: 'tool', version: '1.0+2', classifier: 'linux' };
    expect(repositoryPath(coordinates)).toBe('org/example/tool/1.0%2B2/tool-1.0%2B2-linux.jar');
  });
});

test.each([
  ['1.1.2', '1.1.10'],
  ['1.9', '1.10.0'],
  ['2.0.9.Final', '2.0.61.Final'],
  ['1.1', '1.1.1'],
])('%s is older than %s', (older, newer) => {
  expect(compareVersions(older, newer)).toBeLessThan(0);
  expect(compareVersions(newer, older)).toBeGreaterThan(0);
  expect(compareVersions(newer, newer)).toBe(0);
});

test('the list of this package can be read, and says where something is hearsay', async () => {
  const table = await readNativeJars();
  expect(table.get('org.xerial.snappy:snappy-java')).toMatchObject({ arm64Since: '1.1.4', confirmed: true });
  for (const { arm64Since, classifiers: own, note } of table.values())
    expect(arm64Since ?? own ?? note).toBeDefined();
});
