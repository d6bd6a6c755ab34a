import { failure } from '../http/failure.ts';
import type { HttpAnswer, HttpRequest } from '../http/message.ts';
import { type Challenge, parseChallenges } from './challenge.ts';
import { checkRealm } from './realm.ts';

/** How a registry wants to be asked. */
export type Scheme =
  | { readonly type: 'none' }
  | { readonly type: 'basic' }
  | { readonly type: 'bearer'; readonly realm: URL; readonly service: string | undefined };

/** A scheme, and the scope that this challenge named for its request. */
export interface Demand {
  readonly scheme: Scheme;
  readonly scope: string | undefined;
}

/**
 * What an answer's challenges ask for: Bearer before Basic. `undefined` where there's no challenge at all.
 * @throws RegistryError `malformed` for a realm that isn't asked, `unsupported` where only other schemes are offered.
 */
export function readDemand(request: HttpRequest, answer: HttpAnswer): Demand | undefined {
  const challenges = parseChallenges(answer.headers['www-authenticate']);
  if (challenges.length === 0) return undefined;
  const bearer = challenges.find(
    ({ scheme, parameters }) => scheme === 'bearer' && parameters['realm'] !== undefined,
  );
  if (bearer !== undefined) return bearerDemand(request, answer, bearer);
  if (challenges.some(({ scheme }) => scheme === 'basic'))
    return { scheme: { type: 'basic' }, scope: undefined };
  const offered = challenges.map(({ scheme }) => scheme).join(', ');
  throw failure(request, {
    reason: 'unsupported',
    outcome: `asks for an authentication armload does not speak (${offered})`,
    answer,
  });
}

function bearerDemand(request: HttpRequest, answer: HttpAnswer, { parameters }: Challenge): Demand {
  const realm = checkRealm(parameters['realm'] ?? '', request.target.origin);
  if (typeof realm !== 'string') {
    return { scheme: { type: 'bearer', realm, service: parameters['service'] }, scope: parameters['scope'] };
  }
  throw failure(request, {
    reason: 'malformed',
    outcome: `names a token realm that is not asked: ${realm}`,
    answer,
  });
}
