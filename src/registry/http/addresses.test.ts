import { expect, test } from 'vitest';
import { placeOf } from './addresses.ts';

test.each([
  ['localhost', 'loopback'],
  ['registry.localhost', 'loopback'],
  ['127.0.0.1', 'loopback'],
  ['127.9.9.9', 'loopback'],
  ['[::1]', 'loopback'],
  ['[::ffff:127.0.0.1]', 'loopback'],
  ['[::ffff:7f00:1]', 'loopback'],
  ['169.254.169.254', 'link-local'],
  ['[fe80::1]', 'link-local'],
  ['[::ffff:169.254.169.254]', 'link-local'],
  ['0.0.0.0', 'link-local'],
  ['10.1.2.3', 'private'],
  ['172.31.255.255', 'private'],
  ['172.32.0.1', 'public'],
  ['192.168.1.1', 'private'],
  ['100.64.0.1', 'private'],
  ['[fd00::1]', 'private'],
  ['registry', 'private'],
  ['registry.corp', 'private'],
  ['8.8.8.8', 'public'],
  ['[2001:db8::1]', 'public'],
  ['ghcr.io', 'public'],
  ['localhost.evil.example', 'public'],
  ['127.0.0.1.evil.example', 'public'],
])('%s is %s', (hostname, place) => {
  expect(placeOf(hostname)).toBe(place);
});

test.each(['2130706433', '0x7f.1', '0177.0.0.1', '127.1'])(
  '%s, an odd spelling of 127.0.0.1, is loopback',
  (odd) => {
    expect(placeOf(new URL(`http://${odd}/`).hostname)).toBe('loopback');
  },
);
