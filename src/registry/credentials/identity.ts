import { scrypt } from 'node:crypto';
import type { CallOptions, Credential, CredentialStore } from '../types.ts';

/** Names whose answers a repository gives: the same text for the same credential, and no way back to it. */
export type IdentityOf = (registry: string, repository: string, options?: CallOptions) => Promise<string>;

/**
 * The identity under which a repository is asked, for keys of a cache: answers about a tag are kept apart by it. The
 * secret counts, because `AWS`, `oauth2accesstoken` and `<token>` are everybody's user names. A slow hash, because
 * caches are copied about (CI) and passwords can be guessed. Lookups that fail reject as the store does.
 */
export function credentialIdentity(store: CredentialStore): IdentityOf {
  const hashes = new Map<string, Promise<string>>();
  return async (registry, repository, options = {}) => {
    const credential = await store.lookup({ registry, repository }, options);
    if (!credential) return 'anonymous';
    const text = identifying(credential);
    const known = hashes.get(text);
    if (known) return known;
    const hash = slowHash(text);
    hashes.set(text, hash);
    return hash;
  };
}

function identifying(credential: Credential): string {
  const { username, password, identityToken, registryToken } = credential;
  return JSON.stringify([username ?? null, password ?? null, identityToken ?? null, registryToken ?? null]);
}

function slowHash(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    scrypt(text, 'armload cache identity', 16, { N: 8192, r: 8, p: 1 }, (error, key) => {
      if (error) reject(error);
      else resolve(key.toString('hex'));
    });
  });
}
