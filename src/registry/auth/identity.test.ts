import { expect, test } from 'vitest';
import { identityOf } from './identity.ts';

test('nobody is anonymous', () => {
  expect(identityOf('ghcr.io', undefined)).toBe('anonymous');
});

test('field 13: two secrets are two identities, and one account of two files is one', () => {
  const one = identityOf('ghcr.io', { username: 'a', password: 'x', source: '/a' });
  expect(identityOf('ghcr.io', { username: 'a', password: 'x', source: '/b' })).toBe(one);
  expect(identityOf('ghcr.io', { username: 'a', password: 'y', source: '/a' })).not.toBe(one);
  expect(identityOf('quay.io', { username: 'a', password: 'x', source: '/a' })).not.toBe(one);
  expect(identityOf('ghcr.io', { username: 'ax', source: '/a' })).not.toBe(one);
  expect(one).toMatch(/^[0-9a-f]{16}$/);
});
