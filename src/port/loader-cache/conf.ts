import { losslessName, type MergedView } from '../../layer/index.ts';
import { pathsLike } from './glob.ts';
import { limits } from './limits.ts';
import type { Notes } from './notes.ts';

/**
 * The directories that `etc/ld.so.conf` and what it includes name, in the order in which `ldconfig` takes them: which of
 * two libraries of one name the loader gets depends on it (ldconfig(8)). As written, without closing slashes.
 */
export function configuredDirectories(view: MergedView, notes: Notes): readonly string[] {
  const reader = new ConfReader(view, notes);
  reader.read('/etc/ld.so.conf');
  return reader.directories;
}

class ConfReader {
  readonly directories: string[] = [];
  readonly #view: MergedView;
  readonly #notes: Notes;
  /** Reading a file again adds no directory that isn't there yet, and would never end where it includes itself. */
  readonly #seen = new Set<string>();

  constructor(view: MergedView, notes: Notes) {
    this.#view = view;
    this.#notes = notes;
  }

  read(path: string): void {
    const resolution = this.#view.resolve(path);
    if (!resolution.found || this.#seen.has(resolution.entry.path)) return;
    if (this.#seen.size >= limits.confFiles) {
      this.#notes.add(`${path} was not read: there are more than ${limits.confFiles} such files`);
      return;
    }
    this.#seen.add(resolution.entry.path);
    const bytes = this.#view.content(resolution.entry);
    if (bytes === undefined || bytes.length > limits.confBytes) {
      this.#notes.add(`the directories that ${path} names are unknown: it was not read`);
      return;
    }
    const text = losslessName(Buffer.from(bytes).toString('utf8'), bytes);
    for (const line of text.split('\n')) this.#line(line, path);
  }

  #line(written: string, path: string): void {
    const line = written.replace(/[#\0].*$/s, '').trimStart();
    const include = /^include[ \t](.*)$/s.exec(line)?.[1];
    if (include !== undefined) {
      for (const pattern of include.split(/[ \t\r]+/))
        if (pattern !== '') for (const found of this.#filesLike(pattern, path)) this.read(found);
      return;
    }
    // What older ones had to say of hardware is passed over.
    if (line === '' || /^hwcap[ \t]/i.test(line)) return;
    this.#directory(line, path);
  }

  #filesLike(pattern: string, path: string): readonly string[] {
    const folder = path.slice(0, path.lastIndexOf('/'));
    return pathsLike(this.#view, pattern.startsWith('/') ? pattern : `${folder}/${pattern}`);
  }

  /** A directory may be followed by `=` and a library type, which means nothing for 64-bit ones. */
  #directory(line: string, path: string): void {
    const [name = ''] = line.split('=', 1);
    const directory = withoutClosingSlashes(name.trimEnd());
    if (directory === '') return;
    if (!directory.startsWith('/'))
      this.#notes.add(`the directory "${directory.slice(0, 80)}" of ${path} is not absolute: passed over`);
    else if (this.directories.length >= limits.directories || directory.length > limits.text)
      this.#notes.add(`a directory of ${path} was passed over: there are too many, or its name is too long`);
    else this.directories.push(directory);
  }
}

/** In time that grows with the text's length, whatever it is. */
function withoutClosingSlashes(path: string): string {
  let end = path.length;
  while (path[end - 1] === '/') end -= 1;
  return path.slice(0, end);
}
