import type { ViewEntry } from '../../layer/index.ts';
import type { Closure, Subject } from '../types.ts';
import { closureFor } from './closure.ts';
import { AllGlibcDefaults } from './glibc-defaults.ts';
import { ImageLoaders } from './image-loaders.ts';
import { VersionChecker } from './versions.ts';

/** The dynamic loaders of an image, asked what they would take. */
export interface Loader {
  /**
   * All that the loader of a program takes, by the rules of glibc's or musl's, on the processors that every host has.
   * `undefined` for what is no ELF program or library.
   */
  closureOf(program: ViewEntry): Closure | undefined;
}

/** Libraries in all closures that are kept; the oldest closures go first. */
const maxKept = 20_000;

/** `maxLooks`: directories looked into and needs followed before the rest is `unknown`; 10 million unless told. */
export function createLoader(subject: Subject, limits: { readonly maxLooks?: number } = {}): Loader {
  const shared = new ImageLoaders(subject, limits.maxLooks);
  const tools = { shared, defaults: new AllGlibcDefaults(shared), versions: new VersionChecker() };
  const closures = new Map<string, Closure>();
  let kept = 0;
  return {
    closureOf(program) {
      const known = closures.get(program.path);
      if (known !== undefined) return known;
      const closure = closureFor(program, tools);
      if (closure === undefined) return undefined;
      closures.set(program.path, closure);
      kept += sizeOf(closure);
      for (const [path, oldest] of closures) {
        if (kept <= maxKept) break;
        closures.delete(path);
        kept -= sizeOf(oldest);
      }
      return closure;
    },
  };
}

function sizeOf({ libraries }: Closure): number {
  return libraries.length + 1;
}
