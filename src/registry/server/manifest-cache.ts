import type { Digest } from '../../oci/index.ts';
import type { ManifestFacts } from '../layout/referrers.ts';

const maxDocumentBytes = 16 * 1024 * 1024;
const maxFacts = 50_000;

/**
 * What has been read of manifests, by digest: so it is true for every repository and for ever, and whether a repository
 * has the manifest is asked elsewhere. Bounded; small documents only, which are asked for again and again.
 */
export class ManifestCache {
  /** Grows by what is read; see `trim`. */
  readonly facts = new Map<Digest, ManifestFacts>();
  readonly #documents = new Map<Digest, Uint8Array>();
  #bytes = 0;

  document(digest: Digest): Uint8Array | undefined {
    return this.#documents.get(digest);
  }

  keep(digest: Digest, bytes: Uint8Array): void {
    if (bytes.length > maxDocumentBytes / 64 || this.#documents.has(digest)) return;
    this.#documents.set(digest, bytes);
    this.#bytes += bytes.length;
    for (const [oldest, document] of this.#documents) {
      if (this.#bytes <= maxDocumentBytes) return;
      this.#documents.delete(oldest);
      this.#bytes -= document.length;
    }
  }

  /** Forgets all facts where they have become too many. */
  trim(): void {
    if (this.facts.size > maxFacts) this.facts.clear();
  }
}
