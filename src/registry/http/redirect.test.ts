import { expect, test } from 'vitest';
import { nextHop } from './redirect.ts';

const from = { origin: 'https://registry.example', path: '/v2/x/blobs/y' };

test.each([
  ['/there?x=1', 'https://registry.example', '/there?x=1'],
  ['z', 'https://registry.example', '/v2/x/blobs/z'],
  ['https://storage.example/a?b=c', 'https://storage.example', '/a?b=c'],
  ['//storage.example/a', 'https://storage.example', '/a'],
  ['https://10.1.2.3/minio', 'https://10.1.2.3', '/minio'],
])('%s is followed', (location, origin, path) => {
  expect(nextHop(from, location, false)).toEqual({ origin, path });
});

test.each([
  [undefined, 'it names no address'],
  ['', 'it names no address'],
  ['ftp://storage.example/', 'it names no address'],
  ['https://[', 'it names no address'],
  ['http://storage.example/', 'it leads from HTTPS to HTTP'],
  ['https://127.0.0.1/', 'it leads to this machine or to a link-local address'],
  ['http://169.254.169.254/latest/meta-data', 'it leads to this machine or to a link-local address'],
  ['https://[::ffff:a9fe:a9fe]/', 'it leads to this machine or to a link-local address'],
])('%s is not: %s', (location, why) => {
  expect(nextHop(from, location, false)).toBe(why);
});

test('on loopback, HTTPS may lead to HTTP', () => {
  expect(nextHop({ origin: 'https://localhost:5000', path: '/' }, 'http://localhost:5001/', false)).toEqual({
    origin: 'http://localhost:5001',
    path: '/',
  });
});

test('content stays where it was sent', () => {
  expect(nextHop(from, 'https://storage.example/', true)).toBe('it would send content to another host');
  expect(nextHop(from, '/other', true)).toEqual({ origin: from.origin, path: '/other' });
});
