import type { Identity } from './access.ts';
import type { Exchange } from './exchange.ts';
import { Refusal } from './refusal.ts';
import type { RepositoryStore } from './repository-store.ts';
import type { RegistryStore } from './store.ts';
import type { Uploads } from './uploads.ts';

/** What a handler works with. */
export interface Context {
  readonly exchange: Exchange;
  readonly store: RegistryStore;
  readonly uploads: Uploads;
  /** Who asks, for the one request that touches a second repository. */
  readonly identity: Identity;
  /** Most tags or names in one answer. */
  readonly pageSize: number;
  /** Accept indexes whose manifests aren't there. */
  readonly sparseIndexes: boolean;
}

/** @throws Refusal 404 */
export async function requireRepository(context: Context, name: string): Promise<RepositoryStore> {
  const repository = await context.store.repository(name);
  if (repository === undefined) throw new Refusal(404, 'NAME_UNKNOWN', `there is no repository ${name}`);
  return repository;
}

/** @throws Refusal 405 */
export function methodNotAllowed(allowed: string): never {
  throw new Refusal(405, 'UNSUPPORTED', `this endpoint takes ${allowed}`, { headers: { Allow: allowed } });
}
