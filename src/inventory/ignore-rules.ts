import ignore, { type Ignore } from 'ignore';

/** Lines of one `.gitignore`, and characters of one line, that are taken. */
const maxLines = 10_000;
const maxLineLength = 512;
/** Stars in one pattern: matching costs the name's length to this power, and a hostile pattern can hang a scan. */
const maxStars = 4;

/** The rules of one folder's `.gitignore`, over those of the folders above it. */
export class IgnoreRules {
  readonly #parent: IgnoreRules | undefined;
  /** Relative to the walk's root, `/` at the end; empty for the root itself. */
  readonly #folder: string;
  readonly #rules: Ignore;

  constructor(content: string, folder: string, parent: IgnoreRules | undefined) {
    this.#parent = parent;
    this.#folder = folder;
    this.#rules = ignore().add(usable(content));
  }

  /** Is this path below the root ignored? The deepest file that says anything decides (gitignore(5)). */
  ignores(path: string, isFolder: boolean): boolean {
    const relative = path.slice(this.#folder.length) + (isFolder ? '/' : '');
    const { ignored, unignored } = this.#rules.test(relative);
    if (ignored || unignored) return ignored;
    return this.#parent?.ignores(path, isFolder) ?? false;
  }
}

/** Drops lines that could be costly; without them more is read, never less. */
function usable(content: string): string[] {
  const lines = content.replace(/^\uFEFF/, '').split(/\r?\n/, maxLines);
  return lines.filter(
    (line) => line.length <= maxLineLength && (line.match(/\*+/g)?.length ?? 0) <= maxStars,
  );
}
