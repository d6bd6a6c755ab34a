import { expect, test } from 'vitest';
import type { Credential } from '../types.ts';
import { firstMatch } from './chain.ts';
import { credentialIdentity } from './identity.ts';

function identityOf(credential: Omit<Credential, 'source'> | undefined, source = 'x'): Promise<string> {
  const found = credential && { ...credential, source };
  return credentialIdentity({ lookup: async () => found })('h.io', 'team/app');
}

test('no credential is the anonymous identity', async () => {
  expect(await identityOf(undefined)).toBe('anonymous');
});

test('the same credential is the same identity wherever it was found, and another secret is another', async () => {
  const one = await identityOf({ username: 'AWS', password: 'one' }, 'a file');
  expect(await identityOf({ username: 'AWS', password: 'one' }, 'a helper')).toBe(one);
  expect(await identityOf({ username: 'AWS', password: 'two' })).not.toBe(one);
  expect(await identityOf({ username: 'AWS', identityToken: 'one' })).not.toBe(one);
  expect(one).toMatch(/^[0-9a-f]{32}$/);
});

test('the first store of a chain that knows a credential answers', async () => {
  const asked: string[] = [];
  const store = (name: string, credential?: Credential) => ({
    lookup: async () => {
      asked.push(name);
      return credential;
    },
  });
  const chain = firstMatch([
    store('one'),
    store('two', { username: 'u', password: 'p', source: 'two' }),
    store('three', { username: 'v', password: 'p', source: 'three' }),
  ]);
  expect(await chain.lookup({ registry: 'h.io', repository: 'r' })).toMatchObject({ username: 'u' });
  expect(asked).toEqual(['one', 'two']);
});
