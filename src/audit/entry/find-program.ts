import { posix } from 'node:path';
import type { ViewEntry } from '../../layer/index.ts';
import type { ChainEnd, Subject } from '../types.ts';
import { limits } from './limits.ts';
import { type Mounts, mountsOf } from './mounts.ts';
import { absolute, type Surroundings } from './surroundings.ts';
import { shown } from './text.ts';

/** `file`: a regular file with a bit that lets somebody execute it. */
export type Found =
  | { readonly kind: 'file'; readonly file: ViewEntry }
  | { readonly kind: 'end'; readonly end: ChainEnd; readonly file?: ViewEntry };

/** Linux: PATH_MAX, the closing NUL counted. */
const pathMax = 4_096;

interface Directories {
  /** Those that are there, in order. */
  readonly found: readonly { readonly path: string; readonly relative: boolean }[];
  /** Not all were looked at. */
  readonly cut: boolean;
  /** A directory of these may be mounted, or be relative to a directory that isn't known. */
  readonly mounted: string | undefined;
  readonly unknown: boolean;
}

/** Finds programs in an image as the kernel, a container engine or a shell does. */
export class ProgramFinder {
  readonly #subject: Subject;
  readonly #mounts: Mounts;
  /** By PATH and working directory: a text may ask for many programs. */
  readonly #searched = new Map<string, Directories>();

  constructor(subject: Subject) {
    this.#subject = subject;
    this.#mounts = mountsOf(subject);
  }

  /** A program by its word: with a slash a path, without one the PATH is searched (execvp(3), Go's `exec.LookPath`). */
  find(word: string, around: Surroundings, caller: 'engine' | 'program' = 'program'): Found {
    if (word === '') return ended('not-found', "the program's name is empty");
    return word.includes('/') ? this.path(word, around) : this.#search(word, around, caller);
  }

  /** A path as the kernel takes it, from the working directory where it is relative (execve(2)). */
  path(word: string, around: Surroundings): Found {
    if (word.length >= pathMax) return ended('not-found', `${shown(word)} is longer than a path may be`);
    if (!word.startsWith('/') && around.directory === undefined)
      return ended('unknown', `${shown(word)} is relative to a directory that is known only at run time`);
    const path = absolute(around.directory ?? '/', word);
    const resolution = this.#resolve(path);
    if (!resolution.found) return this.#missing(word, path, resolution);
    const why = obstacle(resolution.entry);
    if (why === undefined) return { kind: 'file', file: resolution.entry };
    return { ...ended('not-a-program', `${shown(word)} ${why}`), file: resolution.entry };
  }

  /** Engines make the working directory where the image has none, so `..` behind it leads somewhere. */
  #resolve(path: string): ReturnType<Subject['view']['resolve']> {
    const { view } = this.#subject;
    const resolution = view.resolve(path);
    return resolution.found || !path.includes('/../') ? resolution : view.resolve(posix.normalize(path));
  }

  #missing(
    word: string,
    path: string,
    resolution: Extract<ReturnType<Subject['view']['resolve']>, { found: false }>,
  ): Found {
    const place = this.#mounts.over(path) ?? this.#mounts.over(resolution.path);
    const why = `${missingText(word, path, resolution)}${mountText(place)}`;
    // A pod's volumes are not in the image's config, and scripts are often mounted from a ConfigMap.
    const inPod = isOverridden(this.#subject);
    const more = inPod && place === undefined ? '; the pod may mount it' : '';
    return ended('not-found', `${why}${more}`, place !== undefined || inPod);
  }

  #search(word: string, around: Surroundings, caller: 'engine' | 'program'): Found {
    const path = around.variables.get('PATH');
    if (path === undefined)
      return ended('unknown', `the PATH that ${shown(word)} is searched on is known only at run time`);
    const directories = this.#directories(path, around);
    let refused: ViewEntry | undefined;
    for (const { path: directory, relative } of directories.found) {
      const resolution = this.#subject.view.resolve(`${directory}/${word}`);
      if (!resolution.found || resolution.entry.entry.kind === 'directory') continue;
      if (obstacle(resolution.entry) !== undefined) {
        refused ??= resolution.entry;
        continue;
      }
      if (relative && caller === 'engine')
        return ended(
          'unknown',
          `${shown(word)} is found by a relative part of the PATH, which engines may refuse`,
        );
      return { kind: 'file', file: resolution.entry };
    }
    return missingOnPath(word, path, directories, refused);
  }

  #directories(path: string, around: Surroundings): Directories {
    const key = `${around.directory ?? ''}\n${path}`;
    const known = this.#searched.get(key);
    if (known !== undefined) return known;
    const parts = path.split(':', limits.directories + 1);
    const looked = parts.slice(0, limits.directories).filter((part) => part.length < pathMax);
    const paths = looked.map((part) => absolute(around.directory ?? '/', part === '' ? '.' : part));
    const found = paths.flatMap((full, index) => {
      const resolution = this.#subject.view.resolve(full);
      const isDirectory = resolution.found && resolution.entry.entry.kind === 'directory';
      const relative = looked[index]?.startsWith('/') !== true;
      return isDirectory ? [{ path: resolution.entry.path, relative }] : [];
    });
    const directories = {
      found,
      cut: parts.length > limits.directories,
      mounted: paths.map((full) => this.#mounts.over(full)).find((place) => place !== undefined),
      unknown: around.directory === undefined && looked.some((part) => !part.startsWith('/')),
    };
    this.#searched.set(key, directories);
    return directories;
  }
}

/** Does Kubernetes say what is started? */
export function isOverridden({ override }: Subject): boolean {
  return (override.command ?? []).length > 0 || (override.args ?? []).length > 0;
}

function ended(kind: 'not-found' | 'not-a-program' | 'unknown', why: string, tolerated = false): Found {
  const end = kind === 'unknown' || !tolerated ? { kind, why } : { kind, why, tolerated: true as const };
  return { kind: 'end', end };
}

/** Why the kernel starts no such file, with any user; `undefined` where it does. */
function obstacle({ entry }: ViewEntry): string | undefined {
  if (entry.kind === 'directory') return 'is a directory';
  if (entry.kind !== 'file') return `is a ${entry.kind.replace('-', ' ')}, not a file`;
  if ((entry.mode & 0o111) !== 0) return undefined;
  return `is not executable (mode ${entry.mode.toString(8).padStart(4, '0')})`;
}

function missingText(
  word: string,
  path: string,
  { reason, path: end }: { readonly reason: string; readonly path: string },
): string {
  if (reason === 'too-many-links') return `${shown(word)} is a loop of symbolic links`;
  const at = `/${end}`;
  const where = at === posix.normalize(path) ? '' : `, for ${shown(at)}`;
  if (reason === 'not-directory')
    return `${shown(word)} leads through something that is no directory${where}`;
  return `${shown(word)} does not exist${where === '' ? '' : `: it leads to ${shown(at)}, which is not there`}`;
}

function mountText(place: string | undefined): string {
  return place === undefined ? '' : `; ${shown(place)} is a volume, which may bring it at run time`;
}

function missingOnPath(
  word: string,
  path: string,
  directories: Directories,
  refused: ViewEntry | undefined,
): Found {
  if (directories.cut || directories.unknown)
    return ended('unknown', `not all directories of the PATH that ${shown(word)} is searched on are known`);
  if (refused !== undefined) {
    const why = `${shown(`/${refused.path}`)} ${obstacle(refused)}, and the PATH has no other ${shown(word)}`;
    return { ...ended('not-a-program', why, directories.mounted !== undefined), file: refused };
  }
  const why = `${shown(word)} is in no directory of the PATH ${shown(path)}${mountText(directories.mounted)}`;
  return ended('not-found', why, directories.mounted !== undefined);
}
