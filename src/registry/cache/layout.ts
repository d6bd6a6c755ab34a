import { join } from 'node:path';

/** Where things are in a cache directory. */
export interface CacheLayout {
  readonly root: string;
  /** Content by digest: see pack-format.ts. */
  readonly packs: string;
  readonly tags: string;
  readonly temporary: string;
}

export function layoutOf(root: string): CacheLayout {
  return {
    root,
    packs: join(root, 'packs'),
    tags: join(root, 'tags'),
    temporary: join(root, 'tmp'),
  };
}
