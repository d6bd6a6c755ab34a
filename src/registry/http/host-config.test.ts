import { expect, test } from 'vitest';
import { UsageError } from '../../core/index.ts';
import { endpointsOf, type HostConfig } from './host-config.ts';

function origins(registry: string, configs: Record<string, HostConfig> = {}): readonly string[] {
  return endpointsOf(registry, (name) => configs[name] ?? {}).map(
    ({ origin, prefix }) => `${origin}/${prefix}`,
  );
}

test.each([
  ['docker.io', 'https://registry-1.docker.io/'],
  ['ghcr.io', 'https://ghcr.io/'],
  ['registry.corp:8443', 'https://registry.corp:8443/'],
  ['localhost:5000', 'http://localhost:5000/'],
  ['127.0.0.1:5000', 'http://127.0.0.1:5000/'],
  ['127.8.0.1:5000', 'http://127.8.0.1:5000/'],
  ['[::1]:5000', 'http://[::1]:5000/'],
  ['10.0.0.1:5000', 'https://10.0.0.1:5000/'],
])('%s is asked at %s', (registry, origin) => {
  expect(origins(registry)).toEqual([origin]);
});

test('plainHttp decides for HTTP and for HTTPS', () => {
  expect(origins('r.corp:5000', { 'r.corp:5000': { plainHttp: true } })).toEqual(['http://r.corp:5000/']);
  expect(origins('localhost:5000', { 'localhost:5000': { plainHttp: false } })).toEqual([
    'https://localhost:5000/',
  ]);
});

test('an endpoint stands in for the name', () => {
  expect(origins('docker.io', { 'docker.io': { endpoint: 'hub.corp:444' } })).toEqual([
    'https://hub.corp:444/',
  ]);
  expect(origins('docker.io', { 'docker.io': { endpoint: 'http://hub.corp' } })).toEqual([
    'http://hub.corp/',
  ]);
});

test('mirrors come first, in order, with their prefixes and their own settings', () => {
  const configs = {
    'docker.io': { mirrors: ['a.corp/hub', 'https://b.corp/v2/cache/', 'localhost:5000'] },
    'a.corp': { plainHttp: true },
  };
  expect(origins('docker.io', configs)).toEqual([
    'http://a.corp/hub/',
    'https://b.corp/cache/',
    'http://localhost:5000/',
    'https://registry-1.docker.io/',
  ]);
});

test('a mirror names the registry it stands in for, the registry itself does not', () => {
  const endpoints = endpointsOf('docker.io', (name) => (name === 'docker.io' ? { mirrors: ['a.corp'] } : {}));
  expect(endpoints.map(({ registry, mirrorOf }) => [registry, mirrorOf])).toEqual([
    ['a.corp', 'docker.io'],
    ['docker.io', undefined],
  ]);
});

test.each(['http://user:password@mirror', 'a b', 'mirror?x=1', 'mirror#x'])('"%s" is no mirror', (mirror) => {
  expect(() => endpointsOf('docker.io', () => ({ mirrors: [mirror] }))).toThrow(UsageError);
});
