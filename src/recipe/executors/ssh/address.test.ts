import { expect, test } from 'vitest';
import { readSshAddress } from './address.ts';

test.each([
  ['ssh://arm.example', { host: 'arm.example', user: undefined, port: undefined, root: '' }],
  ['ssh://builder@arm.example', { host: 'arm.example', user: 'builder', port: undefined, root: '' }],
  [
    'ssh://b@arm.example:2222/srv/builds/',
    { host: 'arm.example', user: 'b', port: '2222', root: '/srv/builds' },
  ],
  ['ssh://my-alias/', { host: 'my-alias', user: undefined, port: undefined, root: '' }],
  ['ssh://b@[fe80::1%eth0]:22/a%20b', { host: 'fe80::1%eth0', user: 'b', port: '22', root: '/a b' }],
])('%s is read', (address, parts) => {
  expect(readSshAddress(address)).toEqual(parts);
});

test.each([
  'ssh://',
  'ssh:///folder',
  'ssh://-oProxyCommand=reboot',
  'ssh://-l@host',
  'ssh://user@-host',
  'ssh://user:password@host',
  'ssh://host/../etc',
  'ssh://host/%zz',
  'ssh://host/%00',
  'ssh://ho st',
  'ssh://host;reboot',
  'ssh://host:port',
])('%s is refused', (address) => {
  expect(() => readSshAddress(address)).toThrow(expect.objectContaining({ code: 'USAGE' }));
});
