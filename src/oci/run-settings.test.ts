import { expect, test } from 'vitest';
import { parseRunSettings } from './index.ts';

const bytesOf = (config: unknown) =>
  Buffer.from(JSON.stringify({ os: 'linux', architecture: 'arm64', config }));

test('what starts a container is read as the config says it', () => {
  const settings = parseRunSettings(
    bytesOf({
      Entrypoint: ['/entry', '--'],
      Cmd: null,
      Env: ['PATH=/bin', 'EMPTY=', 'ODD', 'PATH=/usr/bin', 'EQUAL=a=b'],
      WorkingDir: '/srv',
      User: '1000:0',
      Healthcheck: { Test: ['CMD-SHELL', 'curl localhost'] },
      Shell: ['/bin/bash', '-c'],
      Volumes: { '/data': {} },
    }),
  );
  expect(settings).toEqual({
    entrypoint: ['/entry', '--'],
    command: [],
    environment: new Map([
      ['PATH', '/usr/bin'],
      ['EMPTY', ''],
      ['ODD', ''],
      ['EQUAL', 'a=b'],
    ]),
    workingDirectory: '/srv',
    user: '1000:0',
    healthcheck: { words: ['curl localhost'], shell: true },
    shell: ['/bin/bash', '-c'],
    volumes: ['/data'],
  });
});

test.each([undefined, null, {}])('a config of %j starts nothing, from the root', (config) => {
  expect(parseRunSettings(bytesOf(config))).toEqual({
    entrypoint: [],
    command: [],
    environment: new Map(),
    workingDirectory: '/',
    shell: ['/bin/sh', '-c'],
    volumes: [],
  });
});

test.each([[['NONE']], [[]], [['CMD']], [['CMD-SHELL']]])('a health check of %j runs nothing', (Test) => {
  expect(parseRunSettings(bytesOf({ Healthcheck: { Test } })).healthcheck).toBeUndefined();
});

test('an entrypoint that is no list is malformed, and named', () => {
  expect(() => parseRunSettings(bytesOf({ Entrypoint: '/app' }))).toThrow(/config\.Entrypoint/);
});
