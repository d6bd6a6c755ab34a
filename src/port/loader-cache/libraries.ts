import type { LayerEntry, MergedView, ViewEntry } from '../../layer/index.ts';
import type { LibraryDirectory } from './directories.ts';
import { limits } from './limits.ts';
import type { Notes } from './notes.ts';
import { compareNames } from './order.ts';
import { bytesText, type CachedLibrary } from './types.ts';

/** The file that answers for a soname within its directory. */
interface Candidate {
  readonly file: string;
  readonly isLink: boolean;
}

/** What of the directory goes into the cache. */
export function librariesIn(
  view: MergedView,
  directory: LibraryDirectory,
  notes: Notes,
): readonly CachedLibrary[] {
  const chosen = new Map<string, Candidate>();
  for (const child of view.list(directory.at)) {
    const file = child.path.slice(child.path.lastIndexOf('/') + 1);
    if (!isLibraryName(file)) continue;
    const soname = sonameOf(view, child, notes);
    if (soname !== undefined) consider(chosen, { file, soname, isLink: child.entry.kind === 'symlink' });
  }
  return [...chosen].flatMap(([soname, { file }]) => {
    const name = fileNameFor(view, directory, { soname, file });
    const path = `${directory.path}/${name}`;
    if (soname === '' || soname.includes('/') || Math.max(soname.length, path.length) > limits.text)
      return [];
    const { hwcaps } = directory;
    return [
      {
        name: bytesText(soname),
        path: bytesText(path),
        ...(hwcaps !== undefined && { hwcaps: bytesText(hwcaps) }),
      },
    ];
  });
}

/** What `ldconfig` takes for the name of a library or of a loader; prelink's unfinished files are none. */
function isLibraryName(name: string): boolean {
  if (/\.#prelink#(?:\..{6})?$/s.test(name)) return false;
  return (
    (/^(?:lib|ld-)/.test(name) && name.includes('.so')) ||
    name.startsWith('ld.so.') ||
    name.startsWith('ld64.so.')
  );
}

/** The soname of a shared library of the machine, or its file's name where it has none; `undefined` for all else. */
function sonameOf(view: MergedView, child: ViewEntry, notes: Notes): string | undefined {
  const resolution = view.resolve(`/${child.path}`);
  if (!resolution.found) return undefined;
  const { entry } = resolution.entry;
  if (entry.kind === 'file' && entry.size > 0 && entry.facts === undefined) {
    notes.add(`/${child.path} is not in the cache: its content was not read`);
    return undefined;
  }
  if (!isLibrary(entry)) return undefined;
  if (entry.facts.elf.incomplete?.some((part) => decisive.has(part))) {
    notes.add(`/${child.path} is not in the cache: its name as a library could not be read`);
    return undefined;
  }
  return entry.facts.elf.soname ?? child.path.slice(child.path.lastIndexOf('/') + 1);
}

const decisive: ReadonlySet<string> = new Set(['program-headers', 'dynamic', 'dynamic-strings']);

type ElfEntry = LayerEntry & { readonly facts: Extract<LayerEntry['facts'], { readonly kind: 'elf' }> };

/** Programs that can be moved in memory have the same type, and count where they are named so. */
function isLibrary(entry: LayerEntry): entry is ElfEntry {
  if (entry.kind !== 'file' || entry.facts?.kind !== 'elf') return false;
  const { type, architecture, linkage } = entry.facts.elf;
  return type === 'shared' && architecture === 'arm64' && linkage !== 'debug-only';
}

/**
 * Of several files with one soname, one that is no link wins, and of the rest the newest by number. A link named as the
 * soname, or as its beginning up to `.so`, goes under its own name; other links count as files.
 */
function consider(chosen: Map<string, Candidate>, found: Candidate & { readonly soname: string }): void {
  const { file } = found;
  const isLink =
    found.isLink && (file === found.soname || (file.endsWith('.so') && found.soname.startsWith(file)));
  const soname = isLink ? file : found.soname;
  const known = chosen.get(soname);
  const isBetter =
    known === undefined ||
    (known.isLink && !isLink) ||
    (known.isLink === isLink && compareNames(bytesText(known.file), bytesText(file)) < 0);
  if (isBetter) chosen.set(soname, { file, isLink });
}

/**
 * The soname itself, so that an update of the library leaves the cache right: `ldconfig` makes such links where they are
 * missing. What isn't there and isn't made is of no use to a loader, so without the link it's the file.
 */
function fileNameFor(
  view: MergedView,
  { at, hwcaps }: LibraryDirectory,
  { soname, file }: { readonly soname: string; readonly file: string },
): string {
  if (hwcaps !== undefined || soname === file || soname.includes('/')) return file;
  const linked = view.resolve(`/${at}/${soname}`);
  return linked.found && isLibrary(linked.entry.entry) ? soname : file;
}
