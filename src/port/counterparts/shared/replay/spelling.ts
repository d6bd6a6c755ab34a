import { architectureWords, withoutArchitecture } from '../../../config/architecture-words.ts';
import type { PortImage } from '../../../origin-types.ts';

/** glibc's dynamic loaders (`SYSDEP_KNOWN_INTERPRETER_NAMES`), whose names follow no pattern. */
const loaders: Readonly<Record<string, string>> = {
  amd64: 'ld-linux-x86-64.so.2',
  arm64: 'ld-linux-aarch64.so.1',
  arm: 'ld-linux-armhf.so.3',
  ppc64le: 'ld64.so.2',
  riscv64: 'ld-linux-riscv64-lp64d.so.1',
};
const anyLoader = /(?<=^|\/)ld(?:-linux-[a-z0-9-]+|64)\.so\.[12](?=$|\/)/g;

/** How names of the old architecture may be spelled on the new one. */
export interface Spelling {
  /** Names that may take a path's place, the likeliest first; none where it names no architecture. */
  candidates(path: string): readonly string[];
  /** The same for any text, with each word in the spelling that stands for its own. */
  text(text: string): string;
  /** Are the two names the same but for the architecture? */
  isAlike(left: string, right: string): boolean;
}

export function spellingOf({ source, target, mapPath }: PortImage): Spelling {
  const words = architectureWords(source.architecture, target.architecture);
  const [oldLoader, newLoader] = [loaders[source.architecture], loaders[target.architecture]];
  const swapped = (text: string): string =>
    oldLoader === undefined || newLoader === undefined ? text : text.replaceAll(oldLoader, newLoader);

  function candidates(path: string): readonly string[] {
    const start = swapped(path);
    if (start === path && !words.isSpelledIn(path)) return [];
    const own = mapPath(path);
    const spelled = [start, ...words.respelled(start)];
    // The loader of amd64 is the one thing that Debian has in lib64.
    const moved = start === path ? [] : spelled.map((name) => name.replace(/(^|\/)lib64\//, '$1lib/'));
    const all = [...(own === undefined ? [] : [own]), ...spelled, ...moved];
    return [...new Set(all)].filter((name) => name !== path);
  }

  return {
    candidates,
    text: (text) => words.respelled(swapped(text))[0] ?? swapped(text),
    isAlike: (left, right) => left === right || keyOf(left) === keyOf(right),
  };
}

/** Equal for names that differ in the architecture alone. */
export function keyOf(text: string): string {
  return withoutArchitecture(text.replace(anyLoader, 'ld.so'));
}
