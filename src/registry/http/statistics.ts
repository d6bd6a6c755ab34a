/** What a request was for. */
export type RequestKind = 'manifest' | 'blob' | 'tags' | 'referrers' | 'token' | 'ping' | 'upload';

/** How many HTTP requests were sent, retries and redirects included. */
export interface HostStatistics {
  readonly host: string;
  readonly requests: number;
  /** By method and kind: `HEAD manifest`, `GET token`. */
  readonly kinds: Readonly<Record<string, number>>;
}

/** Counts requests by origin and kind. */
export class Statistics {
  readonly #origins = new Map<string, Map<RequestKind, Map<string, number>>>();

  count(origin: string, method: string, kind: RequestKind): void {
    const methods = nested(nested(this.#origins, origin), kind);
    methods.set(method, (methods.get(method) ?? 0) + 1);
  }

  /** Sorted by host. */
  snapshot(): readonly HostStatistics[] {
    return [...this.#origins].map(([origin, kinds]) => summary(origin, kinds)).sort(byHost);
  }
}

function nested<Outer, Key, Value>(map: Map<Outer, Map<Key, Value>>, key: Outer): Map<Key, Value> {
  const known = map.get(key);
  if (known !== undefined) return known;
  const created = new Map<Key, Value>();
  map.set(key, created);
  return created;
}

function summary(
  origin: string,
  kinds: ReadonlyMap<RequestKind, ReadonlyMap<string, number>>,
): HostStatistics {
  const counts = [...kinds].flatMap(([kind, methods]) =>
    [...methods].map(([method, count]): [string, number] => [`${method} ${kind}`, count]),
  );
  return {
    host: origin.slice(origin.indexOf('//') + 2),
    requests: counts.reduce((sum, [, count]) => sum + count, 0),
    kinds: Object.fromEntries(counts.sort(([left], [right]) => (left < right ? -1 : 1))),
  };
}

function byHost(left: HostStatistics, right: HostStatistics): number {
  return left.host < right.host ? -1 : 1;
}
