import type { Clock, EventSink } from '../../core/index.ts';
import type { FetchedManifest, ResolvedManifest } from '../types.ts';
import { ContentStore } from './content-store.ts';
import type { CacheLayout } from './layout.ts';
import { pruneWhenDue } from './prune.ts';
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
  readonly flights = {
    manifests: new SharedFlights<FetchedManifest>(),
    heads: new SharedFlights<ResolvedManifest | undefined>(),
    blobs: new SharedFlights<Uint8Array>(),
  };
  readonly #options: RegistryCacheOptions;

  constructor(options: RegistryCacheOptions) {
    this.#options = options;
    const memoryBytes = options.layout ? memoryBytesBesideDisk : memoryBytesAlone;
    this.content = new ContentStore({ ...options, memoryBytes });
    this.tags = new TagAnswers(options);
  }

  /** The directory, or undefined in memory. */
  get directory(): string | undefined {
    return this.#options.layout?.root;
  }

  /** Writes what isn't written yet, and once a day brings the directory below its bound. Never throws. */
  async close(): Promise<void> {
    await this.tags.close();
    const { layout, maxBytes, clock } = this.#options;
    if (layout) await pruneWhenDue(layout, maxBytes, clock.now()).catch(() => undefined);
  }
}
