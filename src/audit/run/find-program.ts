import type { MergedView, ViewEntry } from '../../layer/index.ts';
import { searchPath } from '../search-path.ts';
import type { Subject } from '../types.ts';

export interface FoundProgram {
  /** Absolute, as the program is to be called: links are not followed, busybox and its like look at their name. */
  readonly path: string;
  /** Links followed. */
  readonly file: ViewEntry;
}

/** Finds a program as execvp(3) does: by its path, or on the image's PATH. */
export function findProgram(subject: Subject, word: string): FoundProgram | undefined {
  if (word.includes('/')) return programAt(subject.view, absolute(workingDirectory(subject), word));
  for (const folder of searchPath(subject.run).split(':')) {
    if (!folder.startsWith('/')) continue;
    const found = programAt(subject.view, `${folder.replace(/\/$/, '')}/${word}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The image's working directory, or `/` where it's none. */
export function workingDirectory({ view, run }: Subject): string {
  const found = view.resolve(run.workingDirectory);
  return found.found && found.entry.entry.kind === 'directory' ? `/${found.entry.path}` : '/';
}

function absolute(from: string, word: string): string {
  if (word.startsWith('/')) return word;
  return from === '/' ? `/${word}` : `${from}/${word}`;
}

function programAt(view: MergedView, path: string): FoundProgram | undefined {
  const found = view.resolve(path);
  if (!found.found) return undefined;
  const { kind, mode } = found.entry.entry;
  return kind === 'file' && (mode & 0o111) !== 0 ? { path, file: found.entry } : undefined;
}
