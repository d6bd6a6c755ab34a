import type { MergedView } from '../../../layer/index.ts';
import { imageFile, imageFolder, linesOf } from '../debian/image-text.ts';
import { mirrored, withoutSlash } from '../shared/packages/mirrors.ts';

/** A place that packages come from (apk-repositories(5)). */
export interface ApkRepository {
  /** Without a closing slash; the mirror's, where one takes its place. */
  readonly url: string;
  /** Packages of a tagged repository are taken only where they're asked for with the tag. */
  readonly tag?: string;
}

export interface RepositoriesReading {
  readonly repositories: readonly ApkRepository[];
  /** Sentences: lines that can't be followed. */
  readonly problems: readonly string[];
}

/** The repositories that the image itself names. */
export function readRepositories(
  view: MergedView,
  mirrors: Readonly<Record<string, string>> = {},
): RepositoriesReading {
  const folders = ['etc/apk/repositories.d', 'lib/apk/repositories.d'];
  const paths = [
    'etc/apk/repositories',
    ...folders.flatMap((folder) =>
      imageFolder(view, folder).flatMap(({ path }) => (path.endsWith('.list') ? [path] : [])),
    ),
  ];
  const repositories = new Map<string, ApkRepository>();
  const problems: string[] = [];
  for (const path of paths) {
    const file = imageFile(view, path);
    if (file.kind === 'unread') problems.push(`/${path} was not read`);
    if (file.kind !== 'read') continue;
    for (const [at, line] of linesOf(file.bytes).entries()) {
      const found = repositoryIn(line);
      if (typeof found === 'string') problems.push(`/${path}, line ${at + 1}: ${found}`);
      else if (found !== undefined)
        repositories.set(`${found.tag ?? ''} ${found.url}`, { ...found, url: mirrored(found.url, mirrors) });
    }
  }
  return { repositories: [...repositories.values()], problems };
}

/** `undefined` for a line that names none; a sentence for one that can't be followed. */
function repositoryIn(line: string): ApkRepository | string | undefined {
  const words = line
    .trim()
    .split(/\s+/)
    .filter((word) => word !== '');
  const [first] = words;
  if (first === undefined || first.startsWith('#')) return undefined;
  const tag = first.startsWith('@') ? first.slice(1) : undefined;
  const rest = tag === undefined ? words : words.slice(1);
  const [address, ...more] = rest;
  if (address === undefined || more.length > 0)
    return `"${line.slice(0, 100)}" is in a form that armload doesn't read`;
  if (!/^https?:\/\/[^/]/.test(address) || !URL.canParse(address))
    return `${address.slice(0, 100)} is no http or https address`;
  const url = withoutSlash(address);
  return tag === undefined ? { url } : { url, tag };
}
