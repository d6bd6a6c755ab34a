import type { CallOptions } from '../types.ts';
import { type Access, type ApiAnswer, type ApiCall, expectStatus } from './access.ts';
import { type Name, nameOf } from './name.ts';
import { nextQuery, pageFailure } from './pages.ts';

interface Page {
  readonly tags: readonly string[];
  readonly next: string | undefined;
  readonly answer: ApiAnswer;
}

/** Statuses by which registries refuse a page size. */
const sizeRefused: ReadonlySet<number> = new Set([400, 405, 413, 416]);
/** Pages in a row without anything new, above which a registry is taken to go round in circles. */
const maxIdlePages = 3;

/** The tags of a repository, each once, in the registry's order, a page at a time. */
export async function* listTags(
  access: Access,
  name: Name,
  { signal }: CallOptions = {},
): AsyncIterable<string> {
  const { maxTagPages, maxTags } = access.engine.limits;
  const seen = new Set<string>();
  const queries = new Set<string>();
  let idle = 0;
  for (let query: string | undefined = 'n=1000'; query !== undefined; ) {
    queries.add(query);
    const page: Page = await fetchPage(access, name, query, signal);
    const before = seen.size;
    for (const tag of page.tags) {
      if (seen.has(tag)) continue;
      seen.add(tag);
      if (seen.size > maxTags) throw pageFailure(page.answer, `more than the limit of ${maxTags} tags`);
      yield tag;
    }
    idle = seen.size === before ? idle + 1 : 0;
    query = page.next;
    if (query === undefined) return;
    const circle = queries.has(query) || idle >= maxIdlePages || (idle > 0 && page.tags.length > 0);
    if (circle) throw pageFailure(page.answer, 'pages of tags that go round in a circle');
    if (queries.size >= maxTagPages) {
      throw pageFailure(page.answer, `more than the limit of ${maxTagPages} pages of tags`);
    }
  }
}

async function fetchPage(
  access: Access,
  name: Name,
  query: string,
  signal: AbortSignal | undefined,
): Promise<Page> {
  const call = tagsCall(access, name, query, signal);
  const page = await access.home(call, (answer) => {
    if (query === 'n=1000' && sizeRefused.has(answer.status)) return undefined;
    return readPage(answer);
  });
  return page ?? access.home({ ...call, query: '' }, readPage);
}

function tagsCall(access: Access, name: Name, query: string, signal: AbortSignal | undefined): ApiCall {
  return {
    method: 'GET',
    repository: name.repository,
    path: 'tags/list',
    query,
    kind: 'tags',
    what: `Listing the tags of ${nameOf(name)}`,
    headers: { accept: 'application/json' },
    maxBytes: access.engine.limits.maxTagPageBytes,
    signal,
  };
}

function readPage(answer: ApiAnswer): Page {
  expectStatus(answer, 200);
  return { tags: readTags(answer), next: nextQuery(answer), answer };
}

function readTags(answer: ApiAnswer): readonly string[] {
  let document: unknown;
  try {
    document = JSON.parse(Buffer.from(answer.bytes).toString('utf8'));
  } catch {
    throw pageFailure(answer, 'a list of tags that is not JSON');
  }
  const tags = (document as { tags?: unknown } | null)?.tags;
  // A repository whose last tag was deleted has `null`.
  if (tags === null) return [];
  if (!Array.isArray(tags)) throw pageFailure(answer, 'a list of tags without "tags"');
  return tags.filter((tag): tag is string => typeof tag === 'string' && /^[\w][\w.-]{0,127}$/.test(tag));
}
