import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadHosts } from './host-table.ts';
import { parseRegistries } from './settings.ts';

let directory = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'armload-hosts-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function messageFor(section: unknown): string {
  try {
    parseRegistries(section);
  } catch (error) {
    expect(error).toMatchObject({ code: 'CONFIG' });
    return error instanceof Error ? error.message : '';
  }
  return 'accepted';
}

describe('the registries section', () => {
  test('may be absent, and takes every setting', () => {
    expect(parseRegistries(undefined)).toEqual({});
    const section = {
      'docker.io': {
        mirrors: ['mirror.example.com/hub', 'https://cache.example.com:5000'],
        maxConcurrency: 4,
      },
      'localhost:5000': { plainHttp: true },
      '*.example.com': { ca: 'ca.pem', skipTlsVerify: false, headers: { 'CF-Access': 'x' } },
      '[::1]:5000': { endpoint: 'http://127.0.0.1:5000' },
    };
    expect(parseRegistries(section)).toEqual(section);
  });

  test.each([
    [
      { 'ghcr.io': { plainhttp: true } },
      'armload.yaml: registries."ghcr.io" is wrong: it has no setting "plainhttp"; the settings are',
    ],
    [
      { 'ghcr.io': { mirrors: ['a.io', 'b io'] } },
      'registries."ghcr.io".mirrors[1] is wrong: it is not a host',
    ],
    [
      { 'ghcr.io': { mirrors: ['https://u:p@a.io'] } },
      'registries."ghcr.io".mirrors[0] is wrong: it is not a host',
    ],
    [{ 'ghcr.io': { maxConcurrency: 0 } }, 'registries."ghcr.io".maxConcurrency is wrong:'],
    [{ 'ghcr.io': { maxConcurrency: '8' } }, 'registries."ghcr.io".maxConcurrency is wrong:'],
    [
      { 'ghcr.io': { headers: { Authorization: 'x' } } },
      'registries."ghcr.io".headers.Authorization is wrong: it is a header that armload sets',
    ],
    [
      { 'ghcr.io': { headers: { 'X-A': 'a\r\nb: c' } } },
      'registries."ghcr.io".headers.X-A is wrong: it holds characters',
    ],
    [{ ghcr: {} }, 'registries."ghcr" is wrong: it is neither a registry host'],
    [{ 'https://ghcr.io': {} }, 'registries."https://ghcr.io" is wrong: it is neither a registry host'],
    [{ 'ghcr.io/team': {} }, 'registries."ghcr.io/team" is wrong: it is neither a registry host'],
    [{ '*.a.*.io': {} }, 'registries."*.a.*.io" is wrong: it is neither'],
    [{ 'ghcr.io': null }, 'registries."ghcr.io" is wrong:'],
    [[], 'registries is wrong:'],
  ])('names the key at fault: %j', (section, message) => {
    expect(messageFor(section)).toContain(message);
  });
});

describe('looking a host up', () => {
  test('takes the exact key, then the longest wildcard, and ports as they are', async () => {
    const find = await loadHosts(
      parseRegistries({
        'reg.example.com': { maxConcurrency: 1 },
        'reg.example.com:5000': { maxConcurrency: 2 },
        '*.example.com': { maxConcurrency: 3 },
        '*.eu.example.com': { maxConcurrency: 4 },
        '*.example.com:5000': { maxConcurrency: 5 },
        'Index.docker.io': { maxConcurrency: 6 },
      }),
    );
    const limit = (host: string) => find(host).maxConcurrency;
    expect(limit('reg.example.com')).toBe(1);
    expect(limit('REG.example.com')).toBe(1);
    expect(limit('reg.example.com:5000')).toBe(2);
    expect(limit('a.example.com')).toBe(3);
    expect(limit('a.b.example.com')).toBe(3);
    expect(limit('a.eu.example.com')).toBe(4);
    expect(limit('a.example.com:5000')).toBe(5);
    expect(limit('docker.io')).toBe(6);
    expect(find('example.com')).toEqual({});
    expect(find('notexample.com')).toEqual({});
    expect(find('a.example.com:443')).toEqual({});
    expect(find('constructor')).toEqual({});
  });

  test('gives the certificates of the file, relative to the configuration, and nothing else of it', async () => {
    const [one = '', two = ''] = rootCertificates;
    writeFileSync(join(directory, 'ca.pem'), `# our own\n${one}\nsome words\n${two}\n`);
    const find = await loadHosts({ 'h.io': { ca: 'ca.pem' }, 'g.io': {} }, { baseDirectory: directory });
    const ca = find('h.io').ca ?? '';
    expect(ca.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
    expect(ca).toContain(one.trim());
    expect(ca).not.toContain('words');
    expect(find('g.io')).toEqual({});
  });

  test.each([
    ['absent.pem', undefined, /absent\.pem, named by registries\."h\.io"\.ca: it can't be read \(ENOENT\)/],
    ['text.pem', 'hello', /it holds no PEM certificate/],
    [
      'bad.pem',
      '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
      /its certificate 1 is malformed/,
    ],
  ])('is an error for the certificate file %s', async (name, content, message) => {
    if (content !== undefined) writeFileSync(join(directory, name), content);
    const loading = loadHosts({ 'h.io': { ca: name } }, { baseDirectory: directory });
    await expect(loading).rejects.toMatchObject({ code: 'CONFIG', message: expect.stringMatching(message) });
  });
});
