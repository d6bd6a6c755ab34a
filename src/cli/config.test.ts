import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadConfig } from './config.ts';

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'armload-config-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

async function found(text: string) {
  await writeFile(join(directory, 'armload.yaml'), text);
  return loadConfig(undefined, directory);
}

async function named(text: string) {
  await writeFile(join(directory, 'own.yaml'), text);
  return loadConfig('own.yaml', directory);
}

test('without a file there is nothing, and that is fine', async () => {
  expect(await loadConfig(undefined, directory)).toEqual({ directory, values: {} });
});

test('an armload.yaml in the working directory is taken', async () => {
  const config = await found('platform: linux/arm64\nscan:\n  failOn: [missing]\n  timeoutSeconds: 20\n');
  expect(config).toEqual({
    file: 'armload.yaml',
    directory,
    values: { platform: 'linux/arm64', scan: { failOn: ['missing'], timeoutSeconds: 20 } },
  });
});

test('an empty file is an empty configuration', async () => {
  expect((await found('# nothing yet\n')).values).toEqual({});
});

test('registries are read by the rules of the registry room', async () => {
  const config = await named(
    'registries:\n  ghcr.io:\n    mirrors: [mirror.example]\n    ca: certs/own.pem\n',
  );
  expect(config.registries).toEqual({
    'ghcr.io': { mirrors: ['mirror.example'], ca: 'certs/own.pem' },
  });
});

test.each([
  [
    'an unknown member',
    'platform: linux/arm64\nplattform: x\n',
    'own.yaml:2: "plattform" is unknown; did you mean "platform"?',
  ],
  [
    'an unknown member below',
    'scan:\n  failon: x\n',
    'own.yaml:2: "scan.failon" is unknown; did you mean "failOn"?',
  ],
  ['a member without a near name', 'banana: 1\n', 'own.yaml:1: "banana" is unknown; there are platform, '],
  [
    'an unknown member deep below',
    'audit:\n  run:\n    mean: docker\n',
    'own.yaml:3: "audit.run.mean" is unknown; did you mean "means"?',
  ],
  ['a wrong type', 'scan:\n  offline: 3\n', 'own.yaml:2: "scan.offline" is wrong'],
  ['a number out of range', 'scan:\n\n  concurrency: 0\n', 'own.yaml:3: "scan.concurrency" is wrong'],
  ['a list where members are due', '- a\n', 'own.yaml: the document is wrong'],
  ['broken YAML', 'platform: [a\n', 'own.yaml:2: not valid YAML'],
  ['a member given twice', 'platform: a\nplatform: b\n', 'own.yaml:2: not valid YAML'],
  ['an unknown setting of a registry', 'registries:\n  ghcr.io: {plain: true}\n', 'registries."ghcr.io"'],
  ['a bomb of aliases', bomb(), 'own.yaml: not valid YAML'],
  ['nesting without end', `platform: ${'['.repeat(50_000)}`, 'own.yaml'],
])('%s is told with its line', async (_name, text, sentence) => {
  await expect(named(text)).rejects.toMatchObject({
    code: 'CONFIG',
    message: expect.stringContaining(sentence),
  });
});

function bomb(): string {
  const levels = Array.from({ length: 12 }, (_, level) =>
    level === 0 ? 'l0: &l0 [x]' : `l${level}: &l${level} [${`*l${level - 1},`.repeat(10)}]`,
  );
  return `${levels.join('\n')}\n`;
}

test('a file that is named and not there is an error', async () => {
  await expect(loadConfig('none.yaml', directory)).rejects.toMatchObject({
    code: 'CONFIG',
    message: expect.stringContaining('can\'t read the configuration "none.yaml"'),
  });
});

test('what weakens no trust may stand in a file that was merely found', async () => {
  const { values } = await found('port: {from: linux/386, debian: {allowUpgrade: true}}\n');
  expect(values.port).toEqual({ from: 'linux/386', debian: { allowUpgrade: true } });
});

test.each([
  ['registries', 'registries:\n  docker.io: {endpoint: "http://evil.example"}\n'],
  ['scan.authFile', 'scan: {authFile: x.json}\n'],
  ['scan.cacheDirectory', 'scan: {cacheDirectory: answers}\n'],
  ['audit.authFile', 'audit: {authFile: x.json}\n'],
  ['audit.cacheDirectory', 'audit: {cacheDirectory: answers}\n'],
  ['audit.run', 'audit: {run: {commands: [evil]}}\n'],
  ['port.authFile', 'port: {authFile: x.json}\n'],
  ['port.run', 'port: {run: {commands: [evil]}}\n'],
  ['port.bases', 'port: {bases: [evil.example/base]}\n'],
  ['port.knownBases', 'port: {knownBases: bases.json}\n'],
  ['port.allowBaseDifferences', 'port: {allowBaseDifferences: true}\n'],
  ['port.debian.mirrors', 'port: {debian: {mirrors: {a: b}}}\n'],
  ['port.debian.snapshot', 'port: {debian: {snapshot: x}}\n'],
  ['port.debian.keyrings', 'port: {debian: {keyrings: [own.gpg]}}\n'],
  ['port.debian.allowUnsigned', 'port: {debian: {allowUnsigned: true}}\n'],
  ['port.go.program', 'port: {go: {program: ./go}}\n'],
  ['port.node.registry', 'port: {node: {registry: "https://packages.example"}}\n'],
  ['port.node.scopes', 'port: {node: {scopes: {"@acme": "https://packages.example"}}}\n'],
  ['port.python.indexes', 'port: {python: {indexes: [https://packages.example/simple]}}\n'],
  ['authFile', 'authFile: x.json\n'],
  ['cacheDirectory', 'cacheDirectory: answers\n'],
])(
  '%s counts only in a file that the person named: a scanned folder must not redirect us',
  async (member, text) => {
    await expect(found(text)).rejects.toMatchObject({
      code: 'CONFIG',
      message: expect.stringContaining(`"${member}" is not taken`),
      hint: expect.stringContaining('--config armload.yaml'),
    });
    await expect(named(text)).resolves.toMatchObject({ file: 'own.yaml' });
  },
);
