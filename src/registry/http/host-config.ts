import { UsageError } from '../../core/index.ts';
import { placeOf } from './addresses.ts';

/** What a person configured for one registry host. All of it is optional. */
export interface HostConfig {
  /** Where the registry's API is, if not at its own name: `host[:port][/prefix]` or a URL. */
  readonly endpoint?: string;
  /**
   * Tried in order before the registry itself, for reading manifests and blobs: `host[:port][/prefix]` or a URL. A
   * prefix goes before the repository's name, as pull-through caches want it.
   */
  readonly mirrors?: readonly string[];
  /** Speak HTTP (`true`) or HTTPS (`false`). Absent: HTTP for loopback hosts, HTTPS for all others. */
  readonly plainHttp?: boolean;
  readonly skipTlsVerify?: boolean;
  /** Certificates (PEM) trusted for this host besides the usual ones. */
  readonly ca?: string;
  /** Requests at a time; 8 where absent. */
  readonly maxConcurrency?: number;
  /** Sent with every request to this host, and to no other. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** How to speak with one origin. */
export interface ConnectionSettings {
  readonly skipTlsVerify: boolean;
  readonly ca: string | undefined;
  readonly maxConcurrency: number;
}

/** One place that answers for a registry: the registry itself or a mirror. */
export interface Endpoint {
  /** The name whose credentials and quota these are: `docker.io`, `mirror.example:5000`. */
  readonly registry: string;
  /** `https://registry-1.docker.io` */
  readonly origin: string;
  readonly hostname: string;
  /** Empty, or `prefix/`, put before repository names. */
  readonly prefix: string;
  /** The registry that a mirror stands in for, sent as `?ns=` (containerd's hosts.md). */
  readonly mirrorOf: string | undefined;
  readonly connection: ConnectionSettings;
  readonly headers: Readonly<Record<string, string>>;
}

export type HostConfigs = (registry: string) => HostConfig;

export const defaultConcurrency = 8;

/**
 * The endpoints to ask for reading, mirrors first, the registry itself last.
 * @throws UsageError `CONFIG` for an endpoint or mirror that is no host.
 */
export function endpointsOf(registry: string, hosts: HostConfigs): readonly Endpoint[] {
  const config = hosts(registry);
  const mirrors = (config.mirrors ?? []).map((mirror) => mirrorEndpoint(mirror, registry, hosts));
  return [...mirrors, registryEndpoint(registry, config)];
}

function registryEndpoint(registry: string, config: HostConfig): Endpoint {
  const place = config.endpoint ?? (registry === 'docker.io' ? 'registry-1.docker.io' : registry);
  return endpoint({ registry, place, config, mirrorOf: undefined });
}

function mirrorEndpoint(mirror: string, registry: string, hosts: HostConfigs): Endpoint {
  const name = parsePlace(mirror, registry).host;
  return endpoint({ registry: name, place: mirror, config: hosts(name), mirrorOf: registry });
}

interface EndpointParts {
  readonly registry: string;
  readonly place: string;
  readonly config: HostConfig;
  readonly mirrorOf: string | undefined;
}

function endpoint({ registry, place, config, mirrorOf }: EndpointParts): Endpoint {
  const parsed = parsePlace(place, mirrorOf ?? registry);
  const plain = config.plainHttp ?? placeOf(parsed.hostname) === 'loopback';
  const scheme = parsed.scheme ?? (plain ? 'http' : 'https');
  return {
    registry,
    origin: new URL(`${scheme}://${parsed.host}`).origin,
    hostname: parsed.hostname,
    prefix: parsed.prefix,
    mirrorOf: mirrorOf === registry ? undefined : mirrorOf,
    connection: {
      skipTlsVerify: config.skipTlsVerify ?? false,
      ca: config.ca,
      maxConcurrency: Math.max(1, config.maxConcurrency ?? defaultConcurrency),
    },
    headers: config.headers ?? {},
  };
}

interface Place {
  readonly scheme: 'http' | 'https' | undefined;
  readonly host: string;
  readonly hostname: string;
  readonly prefix: string;
}

function parsePlace(text: string, registry: string): Place {
  const scheme = /^(https?):\/\//i.exec(text)?.[1]?.toLowerCase() as 'http' | 'https' | undefined;
  const wrong = `"${text}", configured for the registry ${registry}, is not a host`;
  const address = scheme === undefined ? `https://${text}` : text;
  if (!URL.canParse(address))
    throw new UsageError('CONFIG', wrong, { hint: 'Write host, host:port or a URL.' });
  const url = new URL(address);
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new UsageError('CONFIG', `${wrong}: it may hold no user, query or fragment`);
  }
  // `https://mirror/v2/prefix` is how containerd's override_path writes what is `mirror/prefix` here.
  const path = url.pathname.replace(/^\/(?:v2(?:\/|$))?/, '').replace(/\/+$/, '');
  return { scheme, host: url.host, hostname: url.hostname, prefix: path === '' ? '' : `${path}/` };
}
