import { UsageError } from '../core/index.ts';
import { formatReference, InvalidReferenceError, parseReference, type Reference } from '../oci/index.ts';

/** What is to have a name. */
export interface Named {
  /** Canonical. */
  readonly reference: string;
  readonly digest?: string | undefined;
}

/** Its name below the prefix, or why it has none. */
export type Destination = { readonly name: string } | { readonly why: string };

interface Wanted {
  readonly named: Named;
  readonly source: Reference;
  repository: string;
  tag: string;
}

const digestShown = 12;
const maxTag = 128;

/**
 * Reads what destinations are to begin with: a registry, and as much of a repository as one likes.
 * @throws UsageError `USAGE`
 */
export function parsePrefix(text: string): string {
  const prefix = text.replace(/\/+$/, '');
  const hint = 'Write it like --to registry.example/arm64.';
  try {
    const { registry, repository } = parseReference(`${prefix}/x:x`);
    // Without a host, Docker's own would be meant, which is too much to take for granted.
    if (`${registry}/${repository}` === `${prefix}/x`) return prefix;
  } catch (error) {
    if (!(error instanceof InvalidReferenceError)) throw error;
    throw new UsageError('USAGE', `"${text}" can't be what destinations begin with: ${error.message}`, {
      hint,
      cause: error,
    });
  }
  throw new UsageError('USAGE', `"${text}" can't be what destinations begin with: it names no registry`, {
    hint,
  });
}

/**
 * A name below the prefix for each, by its position. It's the source's repository and tag, without its registry and without
 * Docker Hub's `library/`; where two registries have that repository, the registry goes before it, for each of them. A
 * reference by digest alone gets a tag of the digest; one by tag and digest gets its beginning behind the tag where another
 * digest has the same tag.
 */
export function destinationsFor(images: readonly Named[], prefix: string): readonly Destination[] {
  const wanted = images.map(wantedFor);
  separateRegistries(wanted);
  separateDigests(wanted);
  const taken = new Map<string, Set<string>>();
  for (const one of wanted) {
    if (one === undefined) continue;
    const of = taken.get(placeOf(one)) ?? new Set();
    taken.set(placeOf(one), of.add(contentOf(one)));
  }
  return wanted.map((one) => {
    if (one === undefined) return { why: 'it is not in a registry, so it has no name to keep' };
    const name = `${prefix}/${placeOf(one)}`;
    if ((taken.get(placeOf(one))?.size ?? 0) > 1)
      return { why: `another image of the fleet would have the same name, ${name}` };
    return problemOf(name) ?? { name };
  });
}

function wantedFor(named: Named): Wanted | undefined {
  const source = referenceOf(named.reference);
  if (source === undefined) return undefined;
  const { registry, repository, tag, digest } = source;
  const path = registry === 'docker.io' ? repository.replace(/^library\//, '') : repository;
  return { named, source, repository: path, tag: tag ?? tagOf(digest ?? '') };
}

/** Transports other than registries are no references: `oci:./out`. */
function referenceOf(text: string): Reference | undefined {
  try {
    const reference = parseReference(text);
    return formatReference(reference) === text ? reference : undefined;
  } catch (error) {
    if (error instanceof InvalidReferenceError) return undefined;
    throw error;
  }
}

function tagOf(digest: string): string {
  const [algorithm = '', hex = ''] = digest.split(':');
  return `${algorithm}-${hex.slice(0, digestShown)}`;
}

function separateRegistries(wanted: readonly (Wanted | undefined)[]): void {
  const sources = new Map<string, Set<string>>();
  for (const one of wanted) {
    if (one === undefined) continue;
    const of = sources.get(one.repository) ?? new Set();
    sources.set(one.repository, of.add(`${one.source.registry}/${one.source.repository}`));
  }
  const shared = new Set([...sources].flatMap(([repository, of]) => (of.size > 1 ? [repository] : [])));
  for (const one of wanted)
    if (one !== undefined && shared.has(one.repository))
      one.repository = `${folderOf(one.source.registry)}/${one.repository}`;
}

/** `localhost:5000` as a part of a repository. */
function folderOf(registry: string): string {
  return registry
    .toLowerCase()
    .replaceAll(/[^a-z0-9.]+/g, '-')
    .replaceAll(/^[-.]+|[-.]+$/g, '');
}

function separateDigests(wanted: readonly (Wanted | undefined)[]): void {
  const contents = new Map<string, Set<string>>();
  for (const one of wanted) {
    if (one === undefined) continue;
    const of = contents.get(placeOf(one)) ?? new Set();
    contents.set(placeOf(one), of.add(contentOf(one)));
  }
  const shared = new Set([...contents].flatMap(([place, of]) => (of.size > 1 ? [place] : [])));
  for (const one of wanted) {
    const { digest, tag } = one?.source ?? {};
    if (one === undefined || digest === undefined || tag === undefined || !shared.has(placeOf(one))) continue;
    const ending = `-${tagOf(digest)}`;
    one.tag = `${tag.slice(0, maxTag - ending.length)}${ending}`;
  }
}

function placeOf({ repository, tag }: Wanted): string {
  return `${repository}:${tag}`;
}

function contentOf({ named, source }: Wanted): string {
  return `${source.registry}/${source.repository} ${named.digest ?? named.reference}`;
}

function problemOf(name: string): Destination | undefined {
  try {
    parseReference(name);
    return undefined;
  } catch (error) {
    if (error instanceof InvalidReferenceError) return { why: error.message };
    throw error;
  }
}
