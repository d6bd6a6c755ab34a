import { expect, test } from 'vitest';
import { readDockerAddress } from './address.ts';

test.each([
  ['docker://ubuntu:20.04', { image: 'ubuntu:20.04', shareEngine: false }],
  ['docker://quay.io/a/b@sha256:12?share-engine', { image: 'quay.io/a/b@sha256:12', shareEngine: true }],
  ['docker://localhost:5000/a', { image: 'localhost:5000/a', shareEngine: false }],
])('%s is read', (address, parts) => {
  expect(readDockerAddress(address)).toEqual(parts);
});

test.each([
  'docker://',
  'docker://-v',
  'docker://a b',
  'docker://a?b',
  'docker://a?share-engine?x',
  'docker://a;b',
])('%s is refused', (address) => {
  expect(() => readDockerAddress(address)).toThrow(expect.objectContaining({ code: 'USAGE' }));
});
