import type { MergedView } from '../../../../layer/index.ts';
import { imageFile, imageFolder, linesOf } from '../image-text.ts';
import type { Places } from './places.ts';
import type { StatusEntry } from './status.ts';
import { parseMd5sums, parseTriggers } from './tables.ts';
import type { DatabaseProblem, InstalledPackage, ListedPath } from './types.ts';

/**
 * The files about each package: `info/NAME.KIND`, or `info/NAME:ARCHITECTURE.KIND` for packages that may be installed
 * for several architectures at a time. Distroless images have `status.d/NAME.md5sums` only.
 */
export class InfoFolder {
  readonly #view: MergedView;
  readonly #places: Places;
  readonly #problems: DatabaseProblem[];
  /** Paths by the package's part of the name, then by kind. */
  readonly #files = new Map<string, Map<string, string>>();

  constructor(view: MergedView, places: Places, problems: DatabaseProblem[]) {
    this.#view = view;
    this.#places = places;
    this.#problems = problems;
    for (const { path } of imageFolder(view, 'var/lib/dpkg/info')) {
      const name = path.slice(path.lastIndexOf('/') + 1);
      const dot = name.lastIndexOf('.');
      if (dot <= 0) continue;
      const known = this.#files.get(name.slice(0, dot)) ?? new Map<string, string>();
      this.#files.set(name.slice(0, dot), known.set(name.slice(dot + 1), path));
    }
  }

  complete(entry: StatusEntry): InstalledPackage {
    const isDistroless = entry.recordedIn.includes('/status.d/');
    const files = isDistroless ? this.#distrolessFiles(entry) : this.#filesOf(entry);
    const sums = this.#lines(files.get('md5sums'));
    const md5sums = sums && parseMd5sums(sums);
    const list = isDistroless ? md5sums && [...md5sums.keys()] : this.#listOf(entry, files);
    return {
      ...entry,
      ...(list === undefined ? {} : { files: this.#placed(list, entry.name) }),
      ...(md5sums === undefined ? {} : { md5sums }),
      triggers: parseTriggers(this.#lines(files.get('triggers')) ?? []),
      infoFiles: files,
    };
  }

  #filesOf({ name, architecture, multiArch }: StatusEntry): ReadonlyMap<string, string> {
    const [qualified, plain] = [this.#files.get(`${name}:${architecture}`), this.#files.get(name)];
    const chosen = multiArch === 'same' ? (qualified ?? plain) : (plain ?? qualified);
    return chosen ?? new Map();
  }

  #distrolessFiles({ recordedIn }: StatusEntry): ReadonlyMap<string, string> {
    const path = `${recordedIn}.md5sums`;
    return new Map(this.#view.lookup(path) === undefined ? [] : [['md5sums', path]]);
  }

  /** dpkg itself takes a missing list for an empty one, and warns. */
  #listOf(
    { name, state, recordedIn }: StatusEntry,
    files: ReadonlyMap<string, string>,
  ): readonly string[] | undefined {
    const path = files.get('list');
    if (path === undefined && state !== 'config-files')
      this.#problems.push({ path: recordedIn, text: `the list of the files of ${name} is missing` });
    return this.#lines(path);
  }

  #lines(path: string | undefined): readonly string[] | undefined {
    if (path === undefined) return undefined;
    const file = imageFile(this.#view, path);
    if (file.kind === 'read') return linesOf(file.bytes);
    this.#problems.push({ path, text: 'its content was not kept' });
    return undefined;
  }

  #placed(lines: readonly string[], owner: string): readonly ListedPath[] {
    return lines.flatMap((line) => this.#places.of(line, owner) ?? []);
  }
}
