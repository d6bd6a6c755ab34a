import { createHash, timingSafeEqual } from 'node:crypto';
import type { Exchange } from './exchange.ts';
import { Refusal } from './refusal.ts';
import type { Route } from './route.ts';

export type Action = 'pull' | 'push' | 'delete';

/** What a user may do where. `repository` is a name, a prefix that ends in `/*`, or `*`. */
export interface Grant {
  readonly repository: string;
  readonly actions: readonly Action[];
}

export interface RegistryUser {
  readonly username: string;
  readonly password: string;
  /** Everything, unless told. */
  readonly grants?: readonly Grant[];
}

export interface BasicAuth {
  readonly kind: 'basic';
  readonly users: readonly RegistryUser[];
}

export interface BearerAuth {
  readonly kind: 'bearer';
  readonly users: readonly RegistryUser[];
  /** What anybody gets a token for; nothing unless told. */
  readonly anonymous?: readonly Grant[];
  /** 300 unless told; registries count at least 60. */
  readonly tokenTtlSeconds?: number;
}

/** Who asks, and what they may. */
export interface Identity {
  allows(repository: string, action: Action): boolean;
}

/** One thing that a request needs. */
export interface Need {
  readonly repository: string;
  readonly actions: readonly Action[];
}

/** Lets requests in. */
export interface Gate {
  /** @throws Refusal 401 with a challenge, 403 */
  admit(exchange: Exchange, need: Need | undefined): Identity;
  /** The token endpoint, where there is one. */
  handleToken?(exchange: Exchange): Promise<void>;
}

export const everybody: Identity = { allows: () => true };
export const openGate: Gate = { admit: () => everybody };

/** The actions that docker-registry asks for each request. `undefined`: being known is enough. */
export function needOf(route: Route, method: string): Need | undefined {
  if (route.kind === 'base' || route.kind === 'catalog' || route.kind === 'token') return undefined;
  return { repository: route.name, actions: actionsOf(method) };
}

function actionsOf(method: string): readonly Action[] {
  if (method === 'GET' || method === 'HEAD') return ['pull'];
  return method === 'DELETE' ? ['delete'] : ['pull', 'push'];
}

/** True where the grants cover the action. */
export function covers(grants: readonly Grant[] | undefined, repository: string, action: Action): boolean {
  if (grants === undefined) return true;
  return grants.some((grant) => matches(grant.repository, repository) && grant.actions.includes(action));
}

function matches(pattern: string, repository: string): boolean {
  if (pattern === '*') return true;
  return pattern.endsWith('/*') ? repository.startsWith(pattern.slice(0, -1)) : pattern === repository;
}

/** The user of an `Authorization: Basic` header. `undefined` where there is none or it is wrong. */
export function basicUser(
  header: string | undefined,
  users: readonly RegistryUser[],
): RegistryUser | undefined {
  const encoded = /^basic +([A-Za-z0-9+/=_-]{1,4096})$/i.exec(header ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString();
  const colon = text.indexOf(':');
  return colon < 0 ? undefined : findUser(users, text.slice(0, colon), text.slice(colon + 1));
}

export function findUser(
  users: readonly RegistryUser[],
  username: string,
  password: string,
): RegistryUser | undefined {
  return users.find((user) => user.username === username && sameSecret(user.password, password));
}

/** Takes the same time for every wrong secret. */
function sameSecret(left: string, right: string): boolean {
  const [a, b] = [left, right].map((text) => createHash('sha256').update(text).digest()) as [Buffer, Buffer];
  return timingSafeEqual(a, b);
}

/** Asks for a password with every request. */
export function basicGate(auth: BasicAuth): Gate {
  return {
    admit(exchange, need) {
      const user = basicUser(exchange.header('authorization'), auth.users);
      if (user === undefined)
        throw new Refusal(401, 'UNAUTHORIZED', 'a user name and password are needed', {
          headers: { 'WWW-Authenticate': 'Basic realm="armload"' },
        });
      const identity: Identity = {
        allows: (repository, action) => covers(user.grants, repository, action),
      };
      for (const action of need?.actions ?? [])
        if (need !== undefined && !identity.allows(need.repository, action))
          throw new Refusal(403, 'DENIED', `${user.username} may not ${action} ${need.repository}`);
      return identity;
    },
  };
}
