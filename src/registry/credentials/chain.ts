import type { Credential, CredentialStore } from '../types.ts';
import type { CredentialTarget, LookupOptions, TracedStore } from './source.ts';

/**
 * Asks the stores in order; the first that knows a credential answers. A store that throws ends the search: its
 * credentials are there and can't be had, which is not the same as having none.
 */
export function firstMatch(stores: readonly CredentialStore[]): TracedStore {
  return {
    async lookup(target: CredentialTarget, options: LookupOptions = {}): Promise<Credential | undefined> {
      for (const store of stores) {
        options.signal?.throwIfAborted();
        const credential = await store.lookup(target, options);
        if (credential) return credential;
      }
      return undefined;
    },
  };
}
