import { existsSync } from 'node:fs';

/**
 * Where the program of a thread is, seen from the module that starts it (its `import.meta.url`): beside it in the library,
 * and at the root of the bundled command, whose code lies there or in `chunks/`. `undefined` where it isn't built, as when
 * TypeScript runs from its sources: then the work is done in this thread.
 */
export function findWorkerFile(name: string, from: string): URL | undefined {
  return [`./${name}`, `../${name}`].map((place) => new URL(place, from)).find((url) => existsSync(url));
}
