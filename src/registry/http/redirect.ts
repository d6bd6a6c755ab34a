import { placeOf } from './addresses.ts';

/** Where a request goes. */
export interface Hop {
  readonly origin: string;
  /** Path and query. */
  readonly path: string;
}

export type RedirectRefusal =
  | 'it names no address'
  | 'it leads from HTTPS to HTTP'
  | 'it leads to this machine or to a link-local address'
  | 'it would send content to another host';

export const redirectStatuses: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** The hop a Location asks for, or why it isn't followed. `hasBody`: content never follows to another origin. */
export function nextHop(from: Hop, location: string | undefined, hasBody: boolean): Hop | RedirectRefusal {
  const base = from.origin + from.path;
  if (!location || !URL.canParse(location, base)) return 'it names no address';
  const [source, target] = [new URL(base), new URL(location, base)];
  if (target.protocol !== 'https:' && target.protocol !== 'http:') return 'it names no address';
  const [fromPlace, toPlace] = [placeOf(source.hostname), placeOf(target.hostname)];
  // The address is the answering host's choice: it must not reach services that trust local callers.
  const reachesHere = toPlace === 'loopback' && fromPlace !== 'loopback';
  if (source.hostname !== target.hostname && (reachesHere || toPlace === 'link-local')) {
    return 'it leads to this machine or to a link-local address';
  }
  const downgrade = source.protocol === 'https:' && target.protocol === 'http:';
  if (downgrade && toPlace !== 'loopback') return 'it leads from HTTPS to HTTP';
  if (hasBody && target.origin !== source.origin) return 'it would send content to another host';
  return { origin: target.origin, path: target.pathname + target.search };
}
