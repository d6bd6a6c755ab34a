import type { RegistryError } from '../errors.ts';
import { failure } from '../http/failure.ts';
import type { ApiAnswer } from './access.ts';
import { nextLink } from './link.ts';

/**
 * The query of the next page, from the Link header. Only its query is used: registries behind path-rewriting proxies
 * announce paths that don't exist outside.
 * @throws RegistryError `malformed` for a link to another host.
 */
export function nextQuery(answer: ApiAnswer): string | undefined {
  const link = nextLink(answer.headers['link']);
  if (link === undefined) return undefined;
  const { origin, path } = answer.from;
  if (!URL.canParse(link, origin + path))
    throw pageFailure(answer, 'a link to its next page that is no address');
  const next = new URL(link, origin + path);
  if (next.hostname !== new URL(origin).hostname) {
    throw pageFailure(answer, `a link to its next page on another host, ${next.host}`);
  }
  return next.search.slice(1);
}

/** What a paging answer did wrong: `sent …`. */
export function pageFailure(answer: ApiAnswer, what: string): RegistryError {
  return failure(answer.request, { reason: 'malformed', outcome: `sent ${what}`, answer });
}
