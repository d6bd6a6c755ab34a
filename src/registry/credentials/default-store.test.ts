import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type CredentialOptions, openCredentials } from './default-store.ts';
import { explainLookup } from './source.ts';

let home = '';

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'armload-home-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

function put(path: string, hosts: Readonly<Record<string, string>>, wrap = true): string {
  const entries = Object.fromEntries(
    Object.entries(hosts).map(([host, user]) => [
      host,
      { auth: Buffer.from(`${user}:pw`).toString('base64') },
    ]),
  );
  const file = join(home, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(wrap ? { auths: entries } : entries));
  return file;
}

async function users(options: CredentialOptions, ...registries: string[]): Promise<(string | undefined)[]> {
  const store = await openCredentials({ home, userId: undefined, environment: {}, ...options });
  const found = await Promise.all(
    registries.map((registry) => store.lookup({ registry, repository: 'a/b' })),
  );
  return found.map((credential) => credential?.username);
}

describe('the files of this user', () => {
  test('are asked in the order of the tools: containers, Docker, the old one', async () => {
    put('run/containers/auth.json', { 'a.io': 'runtime' });
    put('.config/containers/auth.json', { 'a.io': 'config', 'b.io': 'config' });
    put('.docker/config.json', { 'a.io': 'docker', 'b.io': 'docker', 'c.io': 'docker' });
    put('.dockercfg', { 'c.io': 'old', 'd.io': 'old' }, false);
    const environment = { XDG_RUNTIME_DIR: join(home, 'run') };
    expect(await users({ environment }, 'a.io', 'b.io', 'c.io', 'd.io', 'e.io')).toEqual([
      'runtime',
      'config',
      'docker',
      'old',
      undefined,
    ]);
  });

  test('move with REGISTRY_AUTH_FILE, XDG_CONFIG_HOME and DOCKER_CONFIG', async () => {
    put('.config/containers/auth.json', { 'a.io': 'home' });
    put('.docker/config.json', { 'a.io': 'home' });
    put('xdg/containers/auth.json', { 'a.io': 'xdg' });
    const named = put('named.json', { 'b.io': 'named' });
    put('dock/config.json', { 'a.io': 'dock', 'b.io': 'dock' });
    const environment = { XDG_CONFIG_HOME: join(home, 'xdg'), DOCKER_CONFIG: join(home, 'dock') };
    expect(await users({ environment }, 'a.io', 'b.io')).toEqual(['xdg', 'dock']);
    expect(
      await users({ environment: { ...environment, REGISTRY_AUTH_FILE: named } }, 'a.io', 'b.io'),
    ).toEqual(['dock', 'named']);
  });

  test('come after the content of DOCKER_AUTH_CONFIG', async () => {
    put('.docker/config.json', { 'a.io': 'docker', 'b.io': 'docker' });
    const auth = Buffer.from('ci:pw').toString('base64');
    const environment = { DOCKER_AUTH_CONFIG: JSON.stringify({ auths: { 'a.io': { auth } } }) };
    expect(await users({ environment }, 'a.io', 'b.io')).toEqual(['ci', 'docker']);
  });

  test('count for nothing beside a file that is named for the run', async () => {
    put('.docker/config.json', { 'a.io': 'docker' });
    const authFile = put('mine.json', { 'b.io': 'mine' });
    expect(await users({ authFile }, 'a.io', 'b.io')).toEqual([undefined, 'mine']);
  });

  test('may all be absent, and an explanation says so of each', async () => {
    const store = await openCredentials({ home, userId: 1000, environment: {} });
    const { steps, result } = await explainLookup(store, { registry: 'a.io', repository: 'b' });
    expect(result).toBe('anonymous');
    expect(steps.map(({ source, detail }) => `${source.replace(home, '~')}: ${detail}`)).toEqual([
      '/run/containers/1000/auth.json: no such file',
      '~/.config/containers/auth.json: no such file',
      '~/.docker/config.json: no such file',
      '~/.dockercfg: no such file',
    ]);
  });
});

describe('a file that can not be used', () => {
  test('is an error that names it: malformed', async () => {
    const file = put('.docker/config.json', {});
    writeFileSync(file, '{"auths": }');
    await expect(openCredentials({ home, environment: {} })).rejects.toMatchObject({
      code: 'CONFIG',
      message: `${file} is not valid JSON: line 1, column 11`,
    });
  });

  test('is an error that names it: a directory in its place', async () => {
    mkdirSync(join(home, '.docker/config.json'), { recursive: true });
    await expect(openCredentials({ home, environment: {} })).rejects.toMatchObject({
      code: 'CONFIG',
      message: expect.stringContaining(`${join(home, '.docker/config.json')} can't be read (EISDIR)`),
    });
  });

  test('is an error that names it: absent although named', async () => {
    const absent = join(home, 'absent.json');
    await expect(openCredentials({ home, authFile: absent })).rejects.toThrow(
      /absent\.json can't be read \(ENOENT\)/,
    );
    await expect(openCredentials({ home, environment: { REGISTRY_AUTH_FILE: absent } })).rejects.toThrow(
      /ENOENT/,
    );
  });

  test('is an error that names it: without end', async () => {
    await expect(openCredentials({ home, authFile: '/dev/zero' })).rejects.toThrow(
      /larger than 4194304 bytes/,
    );
  });
});
