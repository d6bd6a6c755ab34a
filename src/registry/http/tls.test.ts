import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { failing, testClient } from '../remote/client.test-support.ts';
import { makeCertificate } from './certificate.test-support.ts';
import type { HostConfig } from './host-config.ts';
import { scriptedServer } from './scripted-server.test-support.ts';

const { certificate: testCertificate, key: testKey } = makeCertificate();
const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function secureServer(): Promise<string> {
  const server = createServer({ key: testKey, cert: testCertificate }, (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function read(registry: string, config: HostConfig, ca: readonly string[] = []) {
  const client = testClient({ hosts: () => ({ plainHttp: false, ...config }), ca });
  return client.repository({ registry, repository: 'x' }).manifest('1');
}

test('an unknown certificate is refused, with a hint', async () => {
  const error = await failing(read(await secureServer(), {}));
  expect(error.reason).toBe('network');
  expect(error.message).toContain('a certificate that is not trusted');
  expect(error.hint).toContain('CA');
});

test("a host's own CA, or one for all hosts, is trusted", async () => {
  const host = await secureServer();
  expect((await read(host, { ca: testCertificate })).mediaType).toBe('application/json');
  expect((await read(host, {}, [testCertificate])).mediaType).toBe('application/json');
});

test('skipTlsVerify takes any certificate', async () => {
  expect((await read(await secureServer(), { skipTlsVerify: true })).mediaType).toBe('application/json');
});

test('plain HTTP where TLS was expected is told as that', async () => {
  const server = await scriptedServer(() => ({ body: '{}' }));
  const error = await failing(read(server.host, {}));
  expect(error.reason).toBe('network');
  expect(error.hint).toContain('plain HTTP');
});
