import { PythonError } from '../errors.ts';
import { htmlTags } from './html-tags.ts';
import { fileAddress, type PagePlace, type ProjectFile, sumOf } from './page.ts';

/**
 * The links of an HTML page (PEP 503; PEP 592 for `data-yanked`, PEP 629 for the version). A file's name is the end of its
 * address, its sum stands behind `#sha256=`.
 * @throws PythonError `PYTHON_INDEX`, `PYTHON_LIMIT`.
 */
export function parseHtmlPage(text: string, place: PagePlace): readonly ProjectFile[] {
  const files: ProjectFile[] = [];
  let base = place;
  let isPage = false;
  for (const { name, attributes } of htmlTags(text)) {
    isPage ||= pageTags.has(name);
    const href = attributes.get('href');
    if (name === 'meta' && attributes.get('name')?.toLowerCase() === 'pypi:repository-version')
      checkVersion(attributes.get('content') ?? '');
    else if (name === 'base' && href !== undefined && base === place)
      base = { ...place, url: moved(href, place) };
    else if (name === 'a' && href !== undefined)
      files.push(...linked(href, attributes.get('data-yanked'), base));
    if (files.length > place.maxFiles)
      throw new PythonError('PYTHON_LIMIT', `the index lists more than ${place.maxFiles} files`);
  }
  if (!isPage) throw new PythonError('PYTHON_INDEX', 'the index answers with neither JSON nor HTML');
  return files;
}

const pageTags: ReadonlySet<string> = new Set(['html', 'head', 'body', 'a']);

function checkVersion(version: string): void {
  if (/^1(?:\.|$)/.test(version)) return;
  throw new PythonError(
    'PYTHON_INDEX',
    `the index answers by version ${version.slice(0, 20)} of its interface`,
  );
}

function moved(href: string, place: PagePlace): string {
  return fileAddress(href, place)?.href ?? place.url;
}

function linked(href: string, yanked: string | undefined, place: PagePlace): readonly ProjectFile[] {
  const address = fileAddress(href, place);
  if (address === undefined) return [];
  const file = decoded(address.pathname.slice(address.pathname.lastIndexOf('/') + 1));
  const sha256 = sumOf(/^#(?:.*&)?sha256=([0-9a-f]{64})(?:&|$)/i.exec(address.hash)?.[1]);
  address.hash = '';
  return [
    {
      ...{ file, url: address.href },
      ...(sha256 === undefined ? {} : { sha256 }),
      ...(yanked === undefined ? {} : { yanked }),
    },
  ];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
