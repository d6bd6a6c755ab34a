import { expect, test } from 'vitest';
import { checkRealm } from './realm.ts';

test.each([
  ['https://auth.docker.io/token', 'https://registry-1.docker.io'],
  ['https://ghcr.io/token', 'https://ghcr.io'],
  ['https://10.0.0.5/token', 'https://registry.corp'],
  ['https://10.0.0.5/token', 'https://10.0.0.6'],
  ['http://127.0.0.1:5001/token', 'http://127.0.0.1:5000'],
  ['https://auth.example/token', 'http://localhost:5000'],
  ['http://auth.corp/token', 'http://registry.corp'],
  ['https://keycloak/realms/x', 'https://registry.lan'],
])('%s is asked for %s', (realm, origin) => {
  expect(checkRealm(realm, origin)).toBeInstanceOf(URL);
});

test.each([
  ['http://auth.docker.io/token', 'https://registry-1.docker.io', 'it is plain HTTP'],
  ['http://127.0.0.1/token', 'https://localhost:5000', 'it is plain HTTP'],
  ['https://127.0.0.1/token', 'https://evil.example', 'it is on this machine'],
  ['https://localhost/token', 'https://evil.example', 'it is on this machine'],
  ['https://169.254.169.254/token', 'https://evil.example', 'it is on this machine'],
  ['https://[fe80::1]/token', 'https://evil.example', 'it is on this machine'],
  ['https://[::ffff:10.0.0.1]/token', 'https://evil.example', 'it is on this machine'],
  ['https://192.168.1.1/token', 'https://evil.example', 'it is on this machine'],
  ['https://2130706433/token', 'https://evil.example', 'it is on this machine'],
  ['http://127.0.0.1/token', 'http://registry.corp', 'it is on this machine'],
  ['http://169.254.169.254/token', 'http://registry.corp', 'it is on this machine'],
  ['https://user:word@auth.example/token', 'https://registry.example', 'it carries a user'],
  ['ftp://auth.example', 'https://registry.example', 'it is not a URL'],
  ['/token', 'https://registry.example', 'it is not a URL'],
  ['', 'https://registry.example', 'it is not a URL'],
])('%s is not asked for %s', (realm, origin, why) => {
  expect(String(checkRealm(realm, origin))).toContain(why);
});
