import type { Clock, EventSink } from '../../core/index.ts';
import type { FetchedManifest, ResolvedManifest } from '../types.ts';
import { AbortWatch } from './abort-watch.ts';
import { ContentStore } from './content-store.ts';
import type { CacheLayout } from './layout.ts';
import { SharedFlights } from './shared-flights.ts';
import { TagAnswers } from './tag-answers.ts';

const memoryBytesBesideDisk = 64 * 1024 * 1024;
const memoryBytesAlone = 256 * 1024 * 1024;

export interface RegistryCacheOptions {
  /** Absent: in memory only. */
  readonly layout?: CacheLayout | undefined;
  /** Bound of the content on disk. */
  readonly maxBytes: number;
  readonly clock: Clock;
  readonly emit?: EventSink | undefined;
}

/** What registries said. One for each run: within it a tag is asked once. Close it at the end. */
export class RegistryCache {
  readonly content: ContentStore;
  readonly tags: TagAnswers;
  /** Questions under way, by repository, identity and target. */
  readonly flights: {
    readonly manifests: SharedFlights<FetchedManifest>;
    readonly heads: SharedFlights<ResolvedManifest | undefined>;
    readonly blobs: SharedFlights<Uint8Array>;
  };
  readonly #options: RegistryCacheOptions;

  constructor(options: RegistryCacheOptions) {
    this.#options = options;
    const memoryBytes = options.layout ? memoryBytesBesideDisk : memoryBytesAlone;
    this.content = new ContentStore({ ...options, memoryBytes });
    this.tags = new TagAnswers(options);
    const watch = new AbortWatch();
    this.flights = {
      manifests: new SharedFlights(watch),
      heads: new SharedFlights(watch),
      blobs: new SharedFlights(watch),
    };
  }

  /** The directory, or undefined in memory. */
  get directory(): string | undefined {
    return this.#options.layout?.root;
  }

  /** Writes what isn't written yet, and keeps the directory within its bound. Never throws. */
  async close(): Promise<void> {
    await this.tags.close();
    await this.content.close();
  }
}
