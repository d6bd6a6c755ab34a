import { expect, test } from 'vitest';
import { asFolder, isHttpAddress, isSafeServer } from './index.ts';

test.each([
  ['https://packages.example/simple', true],
  ['http://localhost:8080/', true],
  ['http://127.0.0.1/gems', true],
  ['http://127.1/gems', true],
  ['http://[::1]:80/', true],
  ['http://packages.example/', false],
  ['http://127.packages.example/', false],
  ['http://localhost.example/', false],
  ['ftp://packages.example/', false],
  ['https://', false],
  ['packages.example', false],
])('%s is a server that can vouch for what it sends: %s', (url, expected) => {
  expect(isSafeServer(url)).toBe(expected);
});

test('an address in the clear can be asked, and another scheme can not', () => {
  expect(isHttpAddress('http://packages.example')).toBe(true);
  expect(isHttpAddress('file:///packages')).toBe(false);
});

test('a folder ends with a slash, keeps its query, and has no fragment', () => {
  expect(asFolder('https://packages.example/simple?a=b#c')).toBe('https://packages.example/simple/?a=b');
  expect(asFolder('https://packages.example')).toBe('https://packages.example/');
});
