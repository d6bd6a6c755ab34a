import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { findIndexes } from './find-indexes.ts';
import { parseIni } from './ini.ts';
import { readPipSettings } from './pip-settings.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function filesIn(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'armload-pip-'));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

test("an INI file is read as Python's configparser does", () => {
  const text =
    '# c\n[global]\nindex_url: https://one.example/\n\n; c\nextra-index-url =\n  https://a.example\n  # c\n  https://b.example\n[install]\r\nNo-Index = 1\r\nstray\n';
  const sections = parseIni(text);
  expect(Object.fromEntries(sections.get('global') ?? [])).toEqual({
    'index-url': 'https://one.example/',
    'extra-index-url': '\nhttps://a.example\nhttps://b.example',
  });
  expect(sections.get('install')?.get('no-index')).toBe('1');
});

describe("pip's configuration", () => {
  const at = (name: string) => `[global]\nindex-url = https://${name}.example/simple\n`;

  test('counts in its order: system, user, environment, file, variables', async () => {
    const folder = filesIn({
      'etc/xdg/pip/pip.conf': at('xdg'),
      'etc/pip.conf': at('etc'),
      'home/.pip/pip.conf': at('legacy'),
      'home/.config/pip/pip.conf': at('user'),
      'venv/pip.conf': at('venv'),
      'own.conf': at('own'),
    });
    const system = join(folder, 'etc');
    const url = async (environment: Record<string, string>) =>
      (await readPipSettings(environment, system)).indexUrl;
    const home = { HOME: join(folder, 'home') };
    const venv = { ...home, VIRTUAL_ENV: join(folder, 'venv') };
    const own = { ...venv, PIP_CONFIG_FILE: join(folder, 'own.conf') };
    expect(await url({})).toBe('https://etc.example/simple');
    expect(await url(home)).toBe('https://user.example/simple');
    expect(await url({ ...home, XDG_CONFIG_HOME: join(folder, 'none') })).toBe(
      'https://legacy.example/simple',
    );
    expect(await url(venv)).toBe('https://venv.example/simple');
    expect(await url(own)).toBe('https://own.example/simple');
    expect(await url({ ...own, PIP_INDEX_URL: 'https://variable.example/' })).toBe(
      'https://variable.example/',
    );
    expect(await url({ ...own, PIP_CONFIG_FILE: '/dev/null' })).toBeUndefined();
  });

  test('of installing goes before that of all commands', async () => {
    const folder = filesIn({ 'pip.conf': `[install]\nindex-url = https://install.example\n${at('global')}` });
    expect(
      await readPipSettings({ PIP_EXTRA_INDEX_URL: 'https://a.example  https://b.example' }, folder),
    ).toEqual({
      ...{ indexUrl: 'https://install.example', noIndex: false, trustedHosts: [] },
      extraIndexUrls: ['https://a.example', 'https://b.example'],
    });
  });
});

describe('indexes', () => {
  const system = '/nonexistent';

  test('are those that are named, before all else', async () => {
    const found = await findIndexes(['https://packages.example/simple'], {
      environment: { PIP_NO_INDEX: '1' },
      system,
    });
    expect(found).toEqual({ kind: 'found', indexes: ['https://packages.example/simple/'] });
    await expect(findIndexes(['file:///srv'], { environment: {}, system })).rejects.toThrow(
      'is not an http or https',
    );
  });

  test('in the clear count only where pip trusts their host', async () => {
    const environment = { PIP_INDEX_URL: 'http://reader:secret@near.example/simple' };
    const found = await findIndexes(undefined, { environment, system });
    expect(found).toMatchObject({ kind: 'none', why: expect.stringContaining('near.example') });
    expect(JSON.stringify(found)).not.toContain('secret');
    const trusted = { ...environment, PIP_TRUSTED_HOST: 'near.example' };
    expect(await findIndexes(undefined, { environment: trusted, system })).toMatchObject({ kind: 'found' });
  });

  test('are unknown where pip is to use none, and where there is no pip', async () => {
    expect(await findIndexes(undefined, { environment: { PIP_NO_INDEX: 'true' }, system })).toMatchObject({
      kind: 'none',
    });
    expect(await findIndexes(undefined, { environment: {}, system })).toMatchObject({
      why: 'no index is named, pip is not configured for one, and no pip is installed',
    });
  });

  test('are the one that an installed pip goes to by itself, if it says one', async () => {
    const folder = filesIn({
      'good/python3': '#!/bin/sh\n[ "$1" = -I ] && echo https://default.example/simple\n',
      'bad/python3': '#!/bin/sh\necho no pip here\nexit 1\n',
      'bad/python': '#!/bin/sh\necho --index-url https://evil.example\n',
      'endless/python3': '#!/bin/sh\nwhile :; do echo https://x.example; done\n',
    });
    for (const name of ['good/python3', 'bad/python3', 'bad/python', 'endless/python3'])
      chmodSync(join(folder, name), 0o755);
    const on = (name: string) =>
      findIndexes(undefined, { environment: { PATH: join(folder, name) }, system });
    expect(await on('good')).toEqual({ kind: 'found', indexes: ['https://default.example/simple/'] });
    expect(await on('bad')).toMatchObject({ kind: 'none' });
    expect(await on('endless')).toMatchObject({ kind: 'none' });
  });
});
