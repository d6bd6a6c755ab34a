import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { createRegistryClient } from '../remote/client.ts';
import { type Environment, proxyFor } from './proxy.ts';

const both: Environment = { HTTPS_PROXY: 'http://secure:1', HTTP_PROXY: 'plain:2' };

function proxy(url: string, environment: Environment): string | undefined {
  return proxyFor(new URL(url), environment);
}

test('each scheme has its own proxy', () => {
  expect(proxy('https://ghcr.io', both)).toBe('http://secure:1');
  expect(proxy('http://registry.corp', both)).toBe('http://plain:2');
  expect(proxy('https://ghcr.io', { HTTP_PROXY: 'http://plain:2' })).toBeUndefined();
  expect(proxy('https://ghcr.io', {})).toBeUndefined();
});

test('lower case wins', () => {
  expect(proxy('https://ghcr.io', { ...both, https_proxy: 'http://lower:3' })).toBe('http://lower:3');
});

test('loopback is never proxied', () => {
  for (const host of ['localhost:5000', '127.0.0.1', '[::1]:80'])
    expect(proxy(`http://${host}`, both)).toBeUndefined();
});

test.each([
  ['ghcr.io', true],
  ['GHCR.IO', true],
  ['.ghcr.io', true],
  ['*.ghcr.io', true],
  ['io', true],
  ['hcr.io', false],
  ['*', true],
  ['other, ghcr.io', true],
  ['ghcr.io:443', true],
  ['ghcr.io:8443', false],
  ['', false],
])('NO_PROXY=%s exempts https://ghcr.io: %s', (list, exempt) => {
  expect(proxy('https://ghcr.io', { ...both, NO_PROXY: list }) === undefined).toBe(exempt);
});

test.each([
  ['10.0.0.0/8', true],
  ['10.2.0.0/16', false],
  ['10.1.2.3', true],
  ['10.1.2.3:5000', true],
  ['10.0.0.0/99', false],
  ['2001:db8::/32', false],
])('NO_PROXY=%s exempts https://10.1.2.3:5000: %s', (list, exempt) => {
  expect(proxy('https://10.1.2.3:5000', { ...both, NO_PROXY: list }) === undefined).toBe(exempt);
});

test('IPv6 networks are read', () => {
  expect(proxy('https://[2001:db8::5]:5000', { ...both, NO_PROXY: '2001:db8::/32' })).toBeUndefined();
  expect(proxy('https://[2001:db8::5]:5000', { ...both, NO_PROXY: '[2001:db8::5]:5000' })).toBeUndefined();
});

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

test("plain HTTP goes through the proxy in absolute form, with the proxy's password and no tunnel", async () => {
  const seen: { url: string | undefined; authorization: string | undefined; host: string | undefined }[] = [];
  const server = createServer((request, response) => {
    seen.push({
      url: request.url,
      authorization: request.headers['proxy-authorization'],
      host: request.headers.host,
    });
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"tags":["a"]}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = createRegistryClient({
    environment: { HTTP_PROXY: `http://me:word@127.0.0.1:${port}` },
    hosts: () => ({ plainHttp: true }),
  });
  closers.push(
    () => void client.close(),
    () => server.close(),
  );
  const tags: string[] = [];
  for await (const tag of client.repository({ registry: 'registry.invalid:5000', repository: 'x' }).tags())
    tags.push(tag);
  expect(tags).toEqual(['a']);
  expect(seen[0]).toEqual({
    url: 'http://registry.invalid:5000/v2/x/tags/list?n=1000',
    authorization: `Basic ${Buffer.from('me:word').toString('base64')}`,
    host: 'registry.invalid:5000',
  });
});

test('HTTPS goes through a tunnel', async () => {
  const asked: (string | undefined)[] = [];
  const server = createServer().listen(0, '127.0.0.1');
  server.on('connect', (request, socket) => {
    asked.push(request.url);
    // A tunnel to nowhere: the TLS handshake meets an end.
    const upstream = connect(1, '127.0.0.1').on('error', () => socket.end());
    socket.on('error', () => upstream.destroy());
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
  });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = createRegistryClient({
    environment: { HTTPS_PROXY: `127.0.0.1:${port}` },
    limits: { attempts: 1 },
  });
  closers.push(
    () => void client.close(),
    () => server.close(),
  );
  const repository = client.repository({ registry: 'registry.invalid', repository: 'x' });
  await expect(repository.manifest('a')).rejects.toMatchObject({ reason: 'network' });
  expect(asked).toEqual(['registry.invalid:443']);
});
