import { BlockList, isIP } from 'node:net';
import { placeOf } from './addresses.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The proxy for a URL, by HTTPS_PROXY, HTTP_PROXY and NO_PROXY, as curl and Go's net/http read them: lower case wins,
 * HTTPS requests use HTTPS_PROXY only, loopback hosts use none. NO_PROXY holds hosts (with their subdomains),
 * `host:port`, addresses, networks (`10.0.0.0/8`), or `*`.
 */
export function proxyFor(url: URL, environment: Environment): string | undefined {
  const name = url.protocol === 'https:' ? 'https_proxy' : 'http_proxy';
  const proxy = variable(environment, name);
  if (proxy === undefined || placeOf(url.hostname) === 'loopback') return undefined;
  const exempt = (variable(environment, 'no_proxy') ?? '')
    .split(/[,\s]+/)
    .some((entry) => covers(entry, url));
  if (exempt) return undefined;
  return /^[a-z0-9+.-]+:\/\//i.test(proxy) ? proxy : `http://${proxy}`;
}

function variable(environment: Environment, name: string): string | undefined {
  return environment[name]?.trim() || environment[name.toUpperCase()]?.trim() || undefined;
}

function covers(entry: string, url: URL): boolean {
  if (entry === '') return false;
  if (entry === '*') return true;
  const hostname = url.hostname.replace(/^\[|\]$/g, '');
  if (entry.includes('/')) return inNetwork(entry, hostname);
  const match = /^(.+?):(\d+)$/.exec(entry);
  const withPort = match !== null && (entry.startsWith('[') || isIP(entry) === 0);
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  if (withPort && match[2] !== port) return false;
  const name = (withPort ? (match[1] ?? '') : entry)
    .replace(/^\[|\]$/g, '')
    .replace(/^\*?\./, '')
    .toLowerCase();
  return hostname === name || hostname.endsWith(`.${name}`);
}

function inNetwork(entry: string, hostname: string): boolean {
  const [address = '', prefix = ''] = entry.split('/');
  const version = isIP(address);
  const bits = Number(prefix);
  if (version === 0 || isIP(hostname) !== version || !/^\d{1,3}$/.test(prefix)) return false;
  if (bits > (version === 4 ? 32 : 128)) return false;
  const family = version === 4 ? 'ipv4' : 'ipv6';
  const list = new BlockList();
  list.addSubnet(address, bits, family);
  return list.check(hostname, family);
}
