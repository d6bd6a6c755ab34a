import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { Config } from './config.ts';
import type { PortFlags } from './port-flags.ts';
import { apkSettings, rpmSettings } from './port-packages.ts';

const cwd = mkdtempSync(join(tmpdir(), 'armload-cli-'));
afterAll(() => rmSync(cwd, { recursive: true }));
writeFileSync(join(cwd, 'key.pem'), 'a key');

const config = (port: Config['values']['port'] = {}): Config =>
  ({ file: join(cwd, 'own.yaml'), directory: cwd, values: { port } }) as unknown as Config;
const flags = (more: Partial<PortFlags>): PortFlags => ({ attach: true, ...more }) as PortFlags;

test('the command line speaks of packages of all distributions, beside the configuration of each', async () => {
  const given = flags({
    mirror: ['https://packages.example/alpine=https://mirror.example/alpine'],
    keyring: ['key.pem'],
    allowUpgrade: true,
  });
  const configured = config({
    apk: { mirrors: { 'http://old.example': 'http://near.example' }, allowUnsigned: true },
    rpm: { repositories: ['https://packages.example/$basearch'], allowUpgrade: false },
  });
  const mirrors = { 'https://packages.example/alpine': 'https://mirror.example/alpine' };
  const keyrings = [join(cwd, 'key.pem')];
  expect(await apkSettings(given, configured, cwd)).toEqual({
    mirrors: { 'http://old.example': 'http://near.example', ...mirrors },
    ...{ keyrings, allowUpgrade: true, allowUnsigned: true },
  });
  expect(await rpmSettings(given, configured, cwd)).toEqual({
    ...{ mirrors, keyrings, allowUpgrade: true },
    repositories: ['https://packages.example/$basearch'],
  });
});

test('repositories of the command line go before those of the configuration', async () => {
  const configured = config({ rpm: { repositories: ['https://far.example/'] } });
  const given = flags({ rpmRepo: ['https://near.example/$releasever/'] });
  expect(await rpmSettings(given, configured, cwd)).toEqual({
    repositories: ['https://near.example/$releasever/'],
  });
});

test('where nothing is said, there are no settings', async () => {
  expect([await apkSettings(flags({}), config(), cwd), await rpmSettings(flags({}), config(), cwd)]).toEqual([
    undefined,
    undefined,
  ]);
});

test('what is wrong is told by its name', async () => {
  const wrong: readonly (readonly [Partial<PortFlags>, Config['values']['port'], string])[] = [
    [{ rpmRepo: ['packages'] }, {}, '--rpm-repo "packages" is not an http or https address'],
    [{}, { rpm: { repositories: ['ftp://a.example'] } }, 'port.rpm.repositories'],
    [{}, { apk: { mirrors: { a: 'b' } } }, 'port.apk.mirrors'],
    [{ keyring: ['none.pem'] }, {}, '--keyring "none.pem"'],
  ];
  for (const [given, configured, told] of wrong)
    await expect(
      rpmSettings(flags(given), config(configured), cwd).then(() =>
        apkSettings(flags(given), config(configured), cwd),
      ),
    ).rejects.toThrow(told);
});
