import type { RegistryError } from '../errors.ts';
import { errorOf, failure, outcomeOf } from '../http/failure.ts';
import type { HttpAnswer, HttpRequest } from '../http/message.ts';
import type { Credential } from '../types.ts';

/** Registries that answer 401 or 403 for images that don't exist, too. */
const hidesMissing: ReadonlySet<string> = new Set([
  'ghcr.io',
  'docker.io',
  'registry.gitlab.com',
  'public.ecr.aws',
]);

/** The registry, or its token server, said no: says which credential it was, and what to do. */
export function refused(
  request: HttpRequest,
  answer: HttpAnswer,
  credential: Credential | undefined,
): RegistryError {
  return failure(request, {
    reason: 'unauthorized',
    outcome: `${outcomeOf(answer)} ${asWhom(credential)}`,
    answer,
    hint: hintFor(request.endpoint.registry, answer, credential),
    facts: { credentialSource: credential?.source ?? null },
  });
}

/** `without credentials: none were found` or `to the credentials from SOURCE`. */
function asWhom(credential: Credential | undefined): string {
  return credential === undefined
    ? 'to an anonymous request: no credentials were found'
    : `to the credentials from ${credential.source}`;
}

function hintFor(registry: string, answer: HttpAnswer, credential: Credential | undefined): string {
  const missing = hidesMissing.has(registry)
    ? `${registry} answers the same for images that do not exist: check the name first. `
    : '';
  if (isExpired(answer)) return `${missing}The login has expired: sign in to ${registry} again.`;
  if (credential === undefined) return `${missing}If the image is private, sign in: docker login ${registry}`;
  return `${missing}Check that this account may read the repository, or sign in again: docker login ${registry}`;
}

/**
 * "Your authorization token has expired", which ECR sends with 400 or 403 where others send 401
 * (aws/containers-roadmap #2835).
 */
export function isExpired(answer: HttpAnswer): boolean {
  if (answer.status !== 400 && answer.status !== 401 && answer.status !== 403) return false;
  return /\bexpired\b/i.test(errorOf(answer.bytes).message ?? '');
}
