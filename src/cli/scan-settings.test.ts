import { join } from 'node:path';
import { expect, test } from 'vitest';
import { defaultFailOn } from '../report/index.ts';
import type { Config } from './config.ts';
import { type ScanFlags, scanSettings, separateDeep } from './scan-settings.ts';

const none: Config = { directory: '/etc/armload', values: {} };
const flags: ScanFlags = { cache: true };

function configured(values: Config['values']): Config {
  return { file: 'armload.yaml', directory: '/etc/armload', values };
}

test('without options and configuration the target is linux/arm64, shown as a table', () => {
  const settings = scanSettings(flags, none, '/work');
  expect(settings).toMatchObject({
    platform: { os: 'linux', architecture: 'arm64' },
    format: { name: 'table' },
    failOn: defaultFailOn,
    lookup: {},
  });
  expect(settings.lookup).toEqual({});
});

test('the command line goes before the configuration', () => {
  const config = configured({
    platform: 'linux/amd64',
    format: 'markdown',
    scan: { failOn: 'missing', concurrency: 2, cacheDirectory: 'cache', profiles: ['dev'] },
  });
  expect(scanSettings(flags, config, '/work')).toMatchObject({
    platform: { architecture: 'amd64' },
    format: { name: 'markdown' },
    failOn: ['missing'],
    lookup: { concurrency: 2, profiles: ['dev'] },
  });
  const given = { ...flags, platform: 'linux/riscv64', format: 'json', failOn: ['none'], concurrency: '9' };
  expect(scanSettings(given, config, '/work')).toMatchObject({
    platform: { architecture: 'riscv64' },
    format: { name: 'json' },
    failOn: [],
    lookup: { concurrency: 9 },
  });
});

test('paths start where they were written: the working directory or that of the configuration', () => {
  const config = configured({ scan: { cacheDirectory: 'cache', authFile: 'auth.json' } });
  expect(scanSettings(flags, config, '/work').lookup).toEqual({
    cacheDirectory: join('/etc/armload', 'cache'),
    authFile: join('/etc/armload', 'auth.json'),
  });
  const given = { ...flags, cacheDir: 'own', authFile: '../auth.json' };
  expect(scanSettings(given, config, '/work').lookup).toEqual({
    cacheDirectory: join('/work', 'own'),
    authFile: join('/', 'auth.json'),
  });
});

test('registries come with the directory that their files start at', () => {
  const config = { ...configured({}), registries: { 'ghcr.io': { ca: 'own.pem' } } };
  expect(scanSettings(flags, config, '/work').lookup).toEqual({
    registries: { 'ghcr.io': { ca: 'own.pem' } },
    configDirectory: '/etc/armload',
  });
});

test('--no-cache wins over a configured cache, and contradicts a given one', () => {
  const config = configured({ scan: { cacheDirectory: 'cache' } });
  expect(scanSettings({ cache: false }, config, '/work').lookup).toEqual({ noCache: true });
  expect(() => scanSettings({ cache: false, cacheDir: 'x' }, none, '/work')).toThrow('contradict');
});

test.each([
  ['--platform', { platform: '' }],
  ['--format', { format: '' }],
  ['--fail-on', { failOn: [''] }],
  ['--timeout', { timeout: '' }],
])('an empty %s is a mistake, not the default', (name, wrong) => {
  expect(() => scanSettings({ ...flags, ...wrong }, none, '/work')).toThrow(name);
});

test('a mistake in the configuration shows even where the command line overrides it', () => {
  const config = configured({ platform: 'linux/amr64' });
  expect(() => scanSettings({ ...flags, platform: 'linux/arm64' }, config, '/work')).toThrow(
    'armload.yaml: platform "linux/amr64"',
  );
});

test('a deep scan reads what is suspect or all, within a budget', () => {
  expect(scanSettings({ ...flags, deep: 'all', deepBytes: '5GB' }, none, '/work').lookup).toEqual({
    deep: 'all',
    deepBytes: 5e9,
  });
  const config = configured({ scan: { deep: 'suspect', deepBytes: 1000 } });
  expect(scanSettings(flags, config, '/work').lookup).toEqual({ deep: 'suspect', deepBytes: 1000 });
  expect(scanSettings({ ...flags, deepBytes: '1GB' }, config, '/work').lookup).toEqual({
    deep: 'suspect',
    deepBytes: 1e9,
  });
  expect(() => scanSettings({ ...flags, deep: 'al' }, none, '/work')).toThrow('--deep "al"');
  expect(() => scanSettings({ ...flags, deepBytes: '1GB' }, none, '/work')).toThrow('--deep-bytes');
});

test('what the configuration says for all commands counts where it says nothing for scans', () => {
  const config = configured({ cacheDirectory: 'all', offline: true, scan: { cacheDirectory: 'own' } });
  expect(scanSettings(flags, config, '/work').lookup).toEqual({
    cacheDirectory: join('/etc/armload', 'own'),
    offline: true,
  });
});

test.each([
  [
    ['--deep', 'nginx:1'],
    ['--deep=suspect', 'nginx:1'],
  ],
  [
    ['deploy/', '--deep'],
    ['deploy/', '--deep=suspect'],
  ],
  [
    ['--deep', '--all'],
    ['--deep=suspect', '--all'],
  ],
  [
    ['--deep', 'all', 'deploy/'],
    ['--deep', 'all', 'deploy/'],
  ],
  [
    ['--deep=all', 'suspect'],
    ['--deep=all', 'suspect'],
  ],
  [
    ['--', '--deep'],
    ['--', '--deep'],
  ],
])('an input after --deep stays an input: %j', (args, separated) => {
  expect(separateDeep(args)).toEqual(separated);
});
