import { readFileSync } from 'node:fs';
import { rootCertificates } from 'node:tls';
import { Agent, type Dispatcher, Pool, ProxyAgent } from 'undici';
import { messageOf, UsageError } from '../../core/index.ts';
import type { ConnectionSettings } from './host-config.ts';
import type { Limits } from './limits.ts';
import { type Environment, proxyFor } from './proxy.ts';

interface ConnectionOptions {
  readonly environment: Environment;
  /** PEM texts trusted for every host, besides the usual ones. */
  readonly ca: readonly string[];
  readonly limits: Limits;
  readonly warn: (message: string) => void;
}

interface AgentParts {
  readonly settings: ConnectionSettings;
  readonly proxy: string | undefined;
  readonly connections: number | null;
}

interface TlsOptions {
  timeout: number;
  rejectUnauthorized?: false;
  ca?: string[];
}

/** The connections of a client: one undici pool an origin, made when first needed, all closed together. */
export class Connections {
  readonly #options: ConnectionOptions;
  readonly #agents = new Map<string, Dispatcher>();
  readonly #short = new Map<string, Dispatcher>();
  readonly #streaming = new Map<string, Dispatcher>();

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  /**
   * Where to send requests for an origin. Short requests have as many connections as may run at a time; those that stream
   * have their own, without a bound: a stream that waits for its reader must not stop another one.
   * @throws UsageError `CONFIG` where the proxy's address is none.
   */
  to(origin: string, settings: ConnectionSettings, streams: boolean): Dispatcher {
    const pools = streams ? this.#streaming : this.#short;
    const known = pools.get(origin);
    if (known !== undefined) return known;
    const proxy = proxyFor(new URL(origin), this.#options.environment);
    // Origins with equal settings share one agent, which keeps a pool for each.
    const connections = streams ? null : settings.maxConcurrency;
    const tunnel = proxy && origin.startsWith('https:');
    const key = JSON.stringify([proxy, tunnel, connections, settings.skipTlsVerify, settings.ca]);
    const agent = this.#agents.get(key) ?? this.#create(origin, { settings, proxy, connections });
    this.#agents.set(key, agent);
    pools.set(origin, agent);
    return agent;
  }

  /** Ends every connection; requests in flight fail. */
  async destroy(): Promise<void> {
    const agents = [...this.#agents.values()];
    this.#agents.clear();
    this.#short.clear();
    this.#streaming.clear();
    await Promise.all(agents.map((agent) => agent.destroy()));
  }

  #create(origin: string, { settings, proxy, connections }: AgentParts): Dispatcher {
    const { limits } = this.#options;
    const tls = this.#tls(settings);
    const common = { keepAliveTimeout: 15_000, connections };
    if (proxy === undefined) return new Agent({ ...common, connect: tls });
    if (!URL.canParse(proxy)) {
      throw new UsageError('CONFIG', `the proxy "${proxy}" set in the environment is not a URL`);
    }
    return new ProxyAgent({
      ...common,
      uri: proxy,
      requestTls: tls,
      proxyTls: this.#tls({ ...settings, skipTlsVerify: false }),
      // Plain HTTP goes by absolute-form requests: many proxies allow CONNECT to port 443 only.
      proxyTunnel: origin.startsWith('https:'),
      // A proxy that takes the connection and says nothing must end too.
      clientFactory: (url, options) => new Pool(url, { ...options, headersTimeout: limits.headTimeout }),
    });
  }

  #tls(settings: ConnectionSettings): TlsOptions {
    const own = [...this.#options.ca, ...(settings.ca === undefined ? [] : [settings.ca])];
    const extra = [...own, ...this.#environmentCertificates(own.length > 0)];
    return {
      timeout: this.#options.limits.connectTimeout,
      ...(settings.skipTlsVerify ? { rejectUnauthorized: false as const } : {}),
      // Node's `ca` replaces the usual ones, so they're named here again.
      ...(extra.length > 0 ? { ca: [...rootCertificates, ...extra] } : {}),
    };
  }

  /** SSL_CERT_FILE as Go's tools honour it; NODE_EXTRA_CA_CERTS, which Node forgets once `ca` is set. */
  #environmentCertificates(haveOwn: boolean): string[] {
    const { SSL_CERT_FILE: system, NODE_EXTRA_CA_CERTS: node } = this.#options.environment;
    const files = [system, haveOwn || system ? node : undefined].filter((file) => !!file) as string[];
    return files.flatMap((file) => this.#read(file));
  }

  /** A stale variable stops neither Node nor Go, so it only warns here. */
  #read(file: string): string[] {
    try {
      return [readFileSync(file, 'utf8')];
    } catch (error) {
      this.#options.warn(`the certificates that the environment names are unreadable: ${messageOf(error)}`);
      return [];
    }
  }
}
