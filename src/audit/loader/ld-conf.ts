import type { MergedView } from '../../layer/index.ts';
import { withoutClosingSlashes } from './image-files.ts';

const mainFile = 'etc/ld.so.conf';
const maxFiles = 200;
const maxDirectories = 1000;

/**
 * The directories that `ldconfig` would put into the cache, with the file that names each (ldconfig(8)). The loader itself
 * never reads these files: they only help to say why a library is not found.
 */
export function configuredDirectories(view: MergedView): ReadonlyMap<string, string> {
  const directories = new Map<string, string>();
  const todo = [mainFile];
  const seen = new Set<string>();
  for (let path = todo.pop(); path !== undefined && seen.size < maxFiles; path = todo.pop()) {
    if (seen.has(path)) continue;
    seen.add(path);
    for (const line of linesOf(view, path)) {
      const pattern = /^include\s+(.+)$/.exec(line)?.[1];
      if (pattern !== undefined) todo.push(...filesLike(view, pattern));
      else if (line.startsWith('/') && directories.size < maxDirectories)
        // A directory may be followed by `=` and a library type.
        directories.set(withoutClosingSlashes(line.replace(/=.*$/, '')), `/${path}`);
    }
  }
  return directories;
}

function linesOf(view: MergedView, path: string): string[] {
  const resolution = view.resolve(`/${path}`);
  const bytes = resolution.found ? view.content(resolution.entry) : undefined;
  if (bytes === undefined) return [];
  return Buffer.from(bytes)
    .toString('utf8')
    .split('\n')
    .map((line) => line.replace(/#.*$/, '').trim());
}

/** Files of a pattern such as `ld.so.conf.d/*.conf`, whose last name alone may hold a star. */
function filesLike(view: MergedView, pattern: string): string[] {
  const path = pattern.startsWith('/') ? pattern.slice(1) : `etc/${pattern}`;
  const slash = path.lastIndexOf('/');
  const [before = '', after] = path.slice(slash + 1).split('*');
  if (after === undefined) return [path];
  return view
    .list(path.slice(0, slash))
    .map((entry) => entry.path)
    .filter((found) => {
      const name = found.slice(slash + 1);
      return (
        !name.startsWith('.') &&
        name.length >= before.length + after.length &&
        name.startsWith(before) &&
        name.endsWith(after)
      );
    });
}
