import { createHash } from 'node:crypto';
import type { Credential } from '../types.ts';

/**
 * Who asks, as a short key: answers for a tag may be shared only between equal identities (two pull secrets may see two
 * different things under one name). Not reversible; `anonymous` without a credential.
 */
export function identityOf(registry: string, credential: Credential | undefined): string {
  if (credential === undefined) return 'anonymous';
  const { username, password, identityToken, registryToken } = credential;
  // The source isn't part: one account found in two files is one account.
  const secret = [registry, username, password, identityToken, registryToken].map((part) => part ?? null);
  return createHash('sha256').update(JSON.stringify(secret)).digest('hex').slice(0, 16);
}
