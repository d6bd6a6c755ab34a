import type { Clock, EventSink } from '../../core/index.ts';
import type { RegistriesSettings } from '../hosts/settings.ts';

/** How images are reached: what every command that reads them takes. */
export interface AccessOptions {
  /** Where relative paths start; the process's folder unless told. */
  readonly cwd?: string;
  /** Proxies, places of credentials and cache; `process.env` unless told. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Answer from the cache only. */
  readonly offline?: boolean;
  /** Must be writable; without it the user's cache folder is used as far as it can be. */
  readonly cacheDirectory?: string;
  /** Keep nothing on disk. */
  readonly noCache?: boolean;
  /** The only file with credentials. */
  readonly authFile?: string;
  /** Settings of registry hosts, as in `armload.yaml`. */
  readonly registries?: RegistriesSettings;
  /** Where relative `ca` files in `registries` start. */
  readonly configDirectory?: string;
  /** Requests for manifests, configs and tag lists in all; further questions are unknown (`rate-limited`). */
  readonly maxRequests?: number;
  /** Requests at a time for each registry; 8 unless told. */
  readonly concurrency?: number;
  /** For one request, waiting for a throttling registry included. */
  readonly timeoutSeconds?: number;
  readonly clock?: Clock;
  readonly onEvent?: EventSink;
  readonly signal?: AbortSignal;
}
