import { compareText } from '../../core/index.ts';
import { type Digest, mediaTypes } from '../../oci/index.ts';
import { type Context, methodNotAllowed, requireRepository } from './context.ts';
import { Refusal } from './refusal.ts';
import { compareTags } from './repository-store.ts';

/** `/v2/NAME/tags/list` */
export async function handleTags(context: Context, name: string): Promise<void> {
  requireGet(context);
  const tags = await (await requireRepository(context, name)).tags();
  const page = pageOf(context, tags, compareTags);
  context.exchange.json(200, { name, tags: page.items }, linkTo(`/v2/${name}/tags/list`, page));
}

/** `/v2/_catalog`, which only docker-registry's own documents describe. Shows what the client may pull. */
export async function handleCatalog(context: Context): Promise<void> {
  requireGet(context);
  const names = (await context.store.names()).filter((name) => context.identity.allows(name, 'pull'));
  const page = pageOf(context, names, compareText);
  context.exchange.json(200, { repositories: page.items }, linkTo('/v2/_catalog', page));
}

/** `/v2/NAME/referrers/DIGEST`: never 404, whatever is or isn't there (distribution-spec, "Listing Referrers"). */
export async function handleReferrers(context: Context, name: string, digest: Digest): Promise<void> {
  requireGet(context);
  const { exchange } = context;
  const repository = await context.store.repository(name);
  const all = (await repository?.referrers(digest)) ?? [];
  const wanted = exchange.query.get('artifactType') || undefined;
  const manifests = wanted === undefined ? all : all.filter((entry) => entry.artifactType === wanted);
  exchange.json(
    200,
    { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests },
    {
      'Content-Type': mediaTypes.ociIndex,
      ...(wanted === undefined ? {} : { 'OCI-Filters-Applied': 'artifactType' }),
    },
  );
}

function requireGet(context: Context): void {
  const { method } = context.exchange;
  if (method !== 'GET' && method !== 'HEAD') methodNotAllowed('GET, HEAD');
}

interface Page {
  readonly items: readonly string[];
  /** The size to ask for again; `undefined` where this is the last page. */
  readonly next: number | undefined;
}

/** @throws Refusal 400 where `n` is no number. */
function pageOf(
  context: Context,
  sorted: readonly string[],
  compare: (a: string, b: string) => number,
): Page {
  const { query } = context.exchange;
  const text = query.get('n');
  if (text !== null && !/^[0-9]{1,9}$/.test(text))
    throw new Refusal(400, 'UNSUPPORTED', `n=${text.slice(0, 50)} is not a number of entries`);
  const size = Math.min(text === null ? context.pageSize : Number(text), context.pageSize);
  const last = query.get('last') ?? '';
  const rest = last === '' ? sorted : sorted.filter((item) => compare(item, last) > 0);
  // n=0 asks for nothing, and has no next page.
  return { items: rest.slice(0, size), next: size > 0 && rest.length > size ? size : undefined };
}

function linkTo(path: string, page: Page): Readonly<Record<string, string>> {
  const last = page.items.at(-1);
  if (page.next === undefined || last === undefined) return {};
  const query = new URLSearchParams({ last, n: String(page.next) });
  return { Link: `<${path}?${query.toString()}>; rel="next"` };
}
