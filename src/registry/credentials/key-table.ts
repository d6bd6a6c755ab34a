import type { CredentialTarget } from './source.ts';

const dockerHubHosts: ReadonlySet<string> = new Set(['docker.io', 'index.docker.io', 'registry-1.docker.io']);

interface Row<Value> {
  readonly key: string;
  readonly host: string;
  readonly hostLabels: readonly string[];
  readonly port: string;
  readonly path: string;
  readonly glob: boolean;
  readonly value: Value;
}

/** A key that matched, as it is written, and what it holds. */
export interface KeyMatch<Value> {
  readonly key: string;
  readonly value: Value;
}

/**
 * The keys of an auth file, as people and tools write them: `https://index.docker.io/v1/`, `host`, `host:port`,
 * `host/path`, `*.host`. A path matches whole components (containers-auth.json(5)); `*` stands for any run of
 * characters within one host label, and ports must be equal (Kubernetes, "Interpretation of config.json"). A plain host
 * wins over a glob, then the longer path, then the longer host, then the earlier key.
 */
export class KeyTable<Value> {
  readonly #rows: readonly Row<Value>[];

  constructor(entries: Iterable<readonly [string, Value]>) {
    this.#rows = [...entries].map(([key, value]) => toRow(key, value)).sort(moreSpecificFirst);
  }

  find(target: CredentialTarget): KeyMatch<Value> | undefined {
    const { host, port } = splitPort(canonicalHost(target.registry));
    const labels = host.split('.');
    return this.#rows.find(
      (row) =>
        row.port === port &&
        (row.glob ? labelsMatch(row.hostLabels, labels) : row.host === host) &&
        pathMatches(row.path, target.repository),
    );
  }
}

/** Lower case, with Docker Hub under its one name. */
export function canonicalHost(host: string): string {
  const lower = host.toLowerCase();
  return dockerHubHosts.has(lower) ? 'docker.io' : lower;
}

function toRow<Value>(key: string, value: Value): Row<Value> {
  const plain = key.trim().replace(/^https?:\/\//i, '');
  const slash = plain.indexOf('/');
  const { host, port } = splitPort(canonicalHost(slash < 0 ? plain : plain.slice(0, slash)));
  return {
    key,
    host,
    hostLabels: host.split('.'),
    port,
    path: slash < 0 ? '' : repositoryPath(plain.slice(slash + 1), plain.length < key.trim().length),
    glob: host.includes('*'),
    value,
  };
}

/** `/v1/` and `/v2/` at the start of a URL's path are the API's, not the repository's. */
function repositoryPath(path: string, isUrl: boolean): string {
  const withoutVersion = isUrl ? path.replace(/^v[12](?:\/|$)/, '') : path.replace(/^v[12]\/?$/, '');
  let end = withoutVersion.length;
  while (end > 0 && withoutVersion.charAt(end - 1) === '/') end--;
  return withoutVersion.slice(0, end);
}

function splitPort(authority: string): { host: string; port: string } {
  const colon = authority.lastIndexOf(':');
  const port = authority.slice(colon + 1);
  if (colon < 0 || !/^[0-9]*$/.test(port)) return { host: authority, port: '' };
  return { host: authority.slice(0, colon), port };
}

function pathMatches(path: string, repository: string): boolean {
  return path === '' || repository === path || repository.startsWith(`${path}/`);
}

function labelsMatch(patterns: readonly string[], labels: readonly string[]): boolean {
  return (
    patterns.length === labels.length &&
    patterns.every((pattern, at) => labelMatches(pattern, labels[at] ?? ''))
  );
}

/** `*` only, by splitting: no regular expression is built from a stranger's text. */
function labelMatches(pattern: string, label: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return pattern === label;
  if (!label.startsWith(first) || !label.endsWith(last) || label.length < first.length + last.length)
    return false;
  const end = label.length - last.length;
  let at = first.length;
  for (const part of rest) {
    const found = label.indexOf(part, at);
    if (found < 0 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}

function moreSpecificFirst(a: Row<unknown>, b: Row<unknown>): number {
  return Number(a.glob) - Number(b.glob) || b.path.length - a.path.length || b.host.length - a.host.length;
}
