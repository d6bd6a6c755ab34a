import { placeOf } from '../http/addresses.ts';

/** Why a token realm isn't asked. */
export type RealmRefusal =
  | 'it is not a URL'
  | 'it carries a user or password'
  | 'it is plain HTTP, and the registry is HTTPS'
  | 'it is on this machine or in a private network, and the registry is not';

/**
 * May the registry at `origin` send us, and our credentials, to this token realm? The token specification lets a registry
 * name a realm on another host; but a realm must not be less safe than the registry, nor reach where only we can.
 */
export function checkRealm(realm: string, origin: string): URL | RealmRefusal {
  if (!URL.canParse(realm)) return 'it is not a URL';
  const [url, registry] = [new URL(realm), new URL(origin)];
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'it is not a URL';
  if (url.username !== '' || url.password !== '') return 'it carries a user or password';
  const [from, to] = [placeOf(registry.hostname), placeOf(url.hostname)];
  const elsewhere = url.hostname !== registry.hostname;
  const reachesIn = isInside(to) && !isInside(from);
  const reachesHere = to === 'loopback' && from !== 'loopback';
  if (elsewhere && (reachesIn || reachesHere || to === 'link-local')) {
    return 'it is on this machine or in a private network, and the registry is not';
  }
  if (url.protocol === 'http:' && registry.protocol === 'https:')
    return 'it is plain HTTP, and the registry is HTTPS';
  return url;
}

function isInside(place: ReturnType<typeof placeOf>): boolean {
  return place !== 'public';
}
