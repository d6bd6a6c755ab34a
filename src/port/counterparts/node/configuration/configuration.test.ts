import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { file } from '../../../../fixture/index.ts';
import type { NodeSettings } from '../../../options.ts';
import { imageOf, workplace } from '../node.test-support.ts';
import { type Environment, readConfiguration } from './index.ts';
import { parseNpmrc } from './npmrc.ts';

/** As .npmrc files write it. */
const variable = (name: string) => `\${${name}}`;

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

interface Circumstances {
  readonly settings?: NodeSettings;
  readonly environment?: Environment;
  /** Of the image, by path. */
  readonly image?: Readonly<Record<string, string>>;
  /** Of this machine, by path in the test's folder, which `HOME` is. */
  readonly files?: Readonly<Record<string, string>>;
}

async function configurationOf({ settings = {}, environment = {}, image = {}, files = {} }: Circumstances) {
  const { context, folder, remove } = workplace();
  closing.push(remove);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
    if (path.startsWith('bin/')) chmodSync(join(folder, path), 0o755);
  }
  const { view } = await imageOf([Object.entries(image).map(([path, text]) => file(path, text))]);
  const full = { HOME: folder, PATH: join(folder, 'bin'), ...environment };
  return readConfiguration({ settings, environment: full, view, folder: context.folder, signal: undefined });
}

async function chosen(circumstances: Circumstances, name = 'tool') {
  const configuration = await configurationOf(circumstances);
  return configuration.registryOf(name, 'app');
}

const at = (host: string) => `registry=https://${host}.example`;

describe('the registry is that of', () => {
  const all: Circumstances = {
    settings: { registry: 'https://settings.example/npm' },
    environment: { npm_config_registry: 'https://environment.example/' },
    image: { 'app/.npmrc': at('image') },
    files: {
      '.npmrc': at('user'),
      'etc/npmrc': at('machine'),
      'bin/node': '',
      // A program that answers as npm does.
      'bin/npm': '#!/bin/sh\n[ "$*" = "config get registry" ] && echo https://npm.example/\n',
    },
  };
  const without = (...files: readonly string[]) =>
    Object.fromEntries(Object.entries(all.files ?? {}).filter(([path]) => !files.includes(path)));

  test('the settings, the environment, the project, the user, the machine, and npm itself', async () => {
    const { settings: _s, ...unset } = all;
    const { environment: _e, ...bare } = unset;
    const { image: _i, ...outside } = bare;
    const found = await Promise.all([
      chosen(all),
      chosen(unset),
      chosen(bare),
      chosen(outside),
      chosen({ files: without('.npmrc') }),
      chosen({ files: without('.npmrc', 'etc/npmrc') }),
      chosen({ files: without('.npmrc', 'etc/npmrc', 'bin/npm') }),
    ]);
    expect(found).toEqual([
      { url: 'https://settings.example/npm/', from: 'the settings' },
      { url: 'https://environment.example/', from: 'npm_config_registry' },
      { url: 'https://image.example/', from: '/app/.npmrc' },
      { url: 'https://user.example/', from: "the user's .npmrc" },
      { url: 'https://machine.example/', from: "this machine's npmrc" },
      { url: 'https://npm.example/', from: 'npm config get registry' },
      undefined,
    ]);
  });

  test('its scope, before all others', async () => {
    const image = { 'app/.npmrc': '@acme:registry=https://scope.example\n' };
    expect(await chosen({ ...all, image }, '@acme/tool')).toMatchObject({ url: 'https://scope.example/' });
    expect(await chosen({ ...all, image }, '@other/tool')).toMatchObject({
      url: 'https://settings.example/npm/',
    });
    const settings = { scopes: { '@acme': 'https://own.example' } };
    expect(await chosen({ image, settings }, '@acme/tool')).toMatchObject({ url: 'https://own.example/' });
  });

  test("the next one where one is no address, and never with this machine's variables in an image's", async () => {
    const files = { '.npmrc': `registry=https://${variable('HOST')}/npm\n` };
    const environment = { HOST: 'host.example', npm_config_registry: 'registry.example' };
    const image = { 'app/.npmrc': `registry=https://${variable('HOST')}.evil.example/\n` };
    expect(await chosen({ files, environment, image })).toMatchObject({ url: 'https://host.example/npm/' });
  });
});

describe('credentials', () => {
  const files = {
    '.npmrc': [
      `//registry.example/npm/:_authToken=${variable('TOKEN')}`,
      '//other.example:8443/:_auth=dXNlcjpwYXNz',
      '//third.example/:username=me',
      '//third.example/:_password=cGFzcw==',
    ].join('\n'),
  };
  const image = { 'app/.npmrc': '//registry.example/:_authToken=of-the-image\n' };

  test('are those of the user for the host and the path', async () => {
    const { authorizationFor } = await configurationOf({ files, image, environment: { TOKEN: 't0ken' } });
    const of = (url: string) => authorizationFor(new URL(url));
    expect(of('https://registry.example/npm/@acme%2ftool/1.0.0')).toBe('Bearer t0ken');
    expect(of('https://registry.example/npm')).toBe('Bearer t0ken');
    expect(of('https://other.example:8443/a/b')).toBe('Basic dXNlcjpwYXNz');
    expect(of('https://third.example/')).toBe(`Basic ${Buffer.from('me:pass').toString('base64')}`);
    for (const url of [
      'https://registry.example/other/tool',
      'https://registry.example.evil.example/npm/',
      'https://registry.example:444/npm/',
      'https://other.example/a',
      'http://registry.example/npm/tool',
    ])
      expect(of(url)).toBeUndefined();
  });
});

test('an .npmrc file is read as npm reads it', () => {
  const text = `; comment\n# comment\n a = 1 ; more\n"b" = "2 ; 3"\nc='4'\nlist[]=5\nno line\nd = x\\;y\n[section]\ne = 6\n`;
  expect(Object.fromEntries(parseNpmrc(text))).toEqual({ a: '1', b: '2 ; 3', c: '4', d: 'x;y' });
});
