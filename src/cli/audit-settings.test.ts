import { join } from 'node:path';
import { expect, test } from 'vitest';
import { smokeMeans } from '../audit/index.ts';
import { defaultAuditFailOn } from '../report/index.ts';
import { type AuditFlags, auditSettings } from './audit-settings.ts';
import type { Config } from './config.ts';
import { meansWords } from './run-settings.ts';

const none: Config = { directory: '/etc/armload', values: {} };
const flags: AuditFlags = { cache: true };

function configured(values: Config['values']): Config {
  return { file: 'own.yaml', directory: '/etc/armload', values };
}

test('without options and configuration nothing is run, and nothing is limited', () => {
  const settings = auditSettings(flags, none, '/work');
  expect(settings).toMatchObject({
    platform: { os: 'linux', architecture: 'arm64' },
    format: { name: 'table' },
    failOn: defaultAuditFailOn,
  });
  expect(settings.audit).toEqual({});
});

test('the command line goes before the configuration', () => {
  const config = configured({
    audit: {
      failOn: ['warning'],
      maxBytes: '1GB',
      run: { means: 'docker', timeoutSeconds: 5 },
      offline: true,
    },
  });
  expect(auditSettings(flags, config, '/work')).toMatchObject({
    failOn: ['warning'],
    audit: { maxBytes: 1e9, offline: true, run: { means: 'docker', timeoutSeconds: 5 } },
  });
  const given = { ...flags, failOn: ['none'], maxBytes: '1MB', runMeans: 'native', runTimeout: '9' };
  expect(auditSettings(given, config, '/work')).toMatchObject({
    failOn: [],
    audit: { maxBytes: 1e6, run: { means: 'native', timeoutSeconds: 9 } },
  });
});

test('what the configuration says for all commands counts, and what it says for audits goes before it', () => {
  const config = configured({
    authFile: 'all.json',
    concurrency: 4,
    scan: { authFile: 'scan.json', timeoutSeconds: 7 },
    audit: { concurrency: 2 },
  });
  expect(auditSettings(flags, config, '/work').audit).toEqual({
    authFile: join('/etc/armload', 'all.json'),
    concurrency: 2,
  });
});

test('what Kubernetes starts is passed on as words', () => {
  const given = { ...flags, command: ['/bin/sh', '-c'], args: ['["exec server"]'] };
  expect(auditSettings(given, none, '/work').audit).toEqual({
    override: { command: ['/bin/sh', '-c'], args: ['exec server'] },
  });
  expect(auditSettings({ ...flags, command: ['[]'] }, none, '/work').audit).toEqual({});
});

test('a run is asked for by the option or by the configuration, and by nothing else', () => {
  expect(auditSettings({ ...flags, run: true }, none, '/work').audit).toEqual({ run: {} });
  expect(auditSettings(flags, configured({ audit: { run: {} } }), '/work').audit).toEqual({ run: {} });
  const given = { ...flags, run: true, runCommand: ['nginx -v', '["sh", "-c", "a b"]'] };
  expect(auditSettings(given, none, '/work').audit).toEqual({
    run: {
      commands: [
        ['nginx', '-v'],
        ['sh', '-c', 'a b'],
      ],
    },
  });
});

test('every means there is can be asked for', () => {
  expect(meansWords).toEqual(smokeMeans);
});

test.each<[string, Partial<AuditFlags>]>([
  ['--fail-on', { failOn: ['missing,wrong'] }],
  ['--max-bytes', { maxBytes: '500M' }],
  ['--run-means', { run: true, runMeans: 'podman' }],
  ['--run-timeout', { run: true, runTimeout: '0' }],
  ['--run-command', { run: true, runCommand: [''] }],
  ['--command', { command: ['a b'] }],
  ['--platform', { platform: 'linux/amr64' }],
  ['--cache-dir', { cache: false, cacheDir: 'x' }],
])('a mistake in %s is told by its name', (name, wrong) => {
  expect(() => auditSettings({ ...flags, ...wrong }, none, '/work')).toThrow(name);
});

test.each<[string, Config['values']['audit']]>([
  ['audit.failOn', { failOn: 'ready' }],
  ['audit.maxBytes', { maxBytes: 'lots' }],
  ['audit.run.means', { run: { means: 'podman' } }],
  ['audit.run.commands', { run: { commands: ["sh -c 'x'"] } }],
])('a mistake in %s of the configuration is told by its member', (member, audit) => {
  expect(() => auditSettings(flags, configured({ audit }), '/work')).toThrow(`own.yaml: ${member}`);
});
