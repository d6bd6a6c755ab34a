import { formatReference, parseReference, repositoryName } from '../oci/index.ts';

const regionPlace = '{region}';
/** ECR's private registries: the same account serves the same images from a host for each region. */
const ecrHost = /^(\d{12}\.dkr\.ecr\.)([a-z0-9-]{1,32}|\{region\})(\.amazonaws\.com)\//;

/**
 * The full name of the repository that a product file names, `{region}` kept.
 * @throws InvalidReferenceError for what is no reference.
 */
export function canonicalRepository(text: string): string {
  const named = text.replace(ecrHost, '$1region$3/');
  const canonical = repositoryName(parseReference(named));
  return text.includes(regionPlace)
    ? canonical.replace(/^(\d{12}\.dkr\.ecr\.)region\./, `$1${regionPlace}.`)
    : canonical;
}

/** What repositories are compared by: an ECR account's regions are one. */
export function repositoryKey(repository: string): string {
  return repository.replace(ecrHost, `$1${regionPlace}$3/`);
}

/** A reference that is canonical already, in its parts; `undefined` for a text that is none. */
export function splitReference(
  text: string,
): { readonly repository: string; readonly tag?: string; readonly digest?: string } | undefined {
  try {
    const parsed = parseReference(text);
    const { tag, digest } = parsed;
    return {
      repository: repositoryName(parsed),
      ...(tag === undefined ? {} : { tag }),
      ...(digest === undefined ? {} : { digest }),
    };
  } catch {
    return undefined;
  }
}

/** The reference of one tag, canonical. */
export function withTag(repository: string, tag: string): string {
  return formatReference(parseReference(`${repository}:${tag}`));
}
