import type { Clock, EventSink } from '../core/index.ts';
import type { Platform } from '../oci/index.ts';
import type { RegistriesSettings } from '../registry/index.ts';

export interface ScanOptions {
  /**
   * Paths of files and folders, image references with any transport, and `-` for stdin. What exists as a path is one;
   * of the rest, what looks like a path is an error and everything else a reference.
   */
  readonly inputs: readonly string[];
  /** The target; `linux/arm64` unless told. */
  readonly platform?: Platform;
  /** Where relative paths start; the process's folder unless told. */
  readonly cwd?: string;
  /** Proxies, places of credentials and cache, Compose variables; `process.env` unless told. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Gives what came in on stdin; needed where `-` is an input. */
  readonly stdin?: () => Promise<string>;
  /** Compose profiles that are on; all unless told. */
  readonly profiles?: readonly string[];
  /**
   * Compare the layers of the target's image with those of linux/amd64: finds many images that only claim the target,
   * for three requests more an index.
   */
  readonly compareLayers?: boolean;
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
