import { existsSync } from 'node:fs';

/**
 * Where the reading thread's program may be, seen from this module: beside it in the library, and at the root of the
 * bundled command, whose code lies there or in `chunks/`.
 */
const places = ['./layer-worker.js', '../layer-worker.js'];

/** `undefined` where it isn't built, as when TypeScript runs from its sources: then layers are read in this thread. */
export function findWorkerFile(): URL | undefined {
  return places.map((place) => new URL(place, import.meta.url)).find((url) => existsSync(url));
}
