import type { LayerEntry, ViewEntry } from '../../../layer/index.ts';
import type { NewContent } from '../../plan-types.ts';
import { AssemblyError } from '../errors.ts';

/** Opens a file's content that was set aside. */
export type OpenCopy = () => AsyncIterable<Uint8Array>;

/**
 * Files of the new base whose content goes into layers above it. They are known when the layers are laid out, and read,
 * each base layer once, before the layers are written.
 */
export class BaseCopies {
  readonly #wanted = new Map<LayerEntry, ViewEntry>();
  readonly #opened = new Map<LayerEntry, OpenCopy>();

  /** `undefined` where the file's content was never read, so that nothing is known of it. */
  want(file: ViewEntry): NewContent | undefined {
    const { entry } = file;
    if (entry.sha256 === undefined) return undefined;
    this.#wanted.set(entry, file);
    return {
      size: entry.size,
      sha256: entry.sha256,
      ...(entry.facts === undefined ? {} : { facts: entry.facts }),
      origin: `the new base's /${file.path}`,
      content: () => {
        const open = this.#opened.get(entry);
        if (open !== undefined) return open();
        throw new AssemblyError('ASSEMBLY_CHANGED', `the new base's /${file.path} was not read`);
      },
    };
  }

  /** The wanted entries of each base layer, by its index. */
  byLayer(): ReadonlyMap<number, ReadonlySet<LayerEntry>> {
    const layers = new Map<number, Set<LayerEntry>>();
    for (const { entry, contentLayer } of this.#wanted.values()) {
      const entries = layers.get(contentLayer) ?? new Set();
      layers.set(contentLayer, entries.add(entry));
    }
    return layers;
  }

  opened(entry: LayerEntry, open: OpenCopy): void {
    this.#opened.set(entry, open);
  }
}
