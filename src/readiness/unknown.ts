import { isAbort, messageOf } from '../core/index.ts';
import { DocumentError } from '../oci/index.ts';
import { RegistryError } from '../registry/index.ts';
import type { Remedy, UnknownReason } from '../results/index.ts';
import type { Judgement } from './types.ts';

/** What was asked, for sentences. */
export interface Asked {
  readonly name: string;
  readonly registry?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Turns a failure into `unknown` with its reason: a registry that gives no answer says nothing about the image.
 * @throws only what an abort threw.
 */
export function unknownBecause(error: unknown, asked: Asked): Judgement {
  if (isAbort(error) || asked.signal?.aborted) throw error;
  const { reason, kind } = reasonOf(error);
  return {
    readiness: { state: 'unknown', reason },
    platforms: [],
    evidence: [{ kind, text: messageOf(error) }],
    remedies: remediesFor(reason, asked),
  };
}

function reasonOf(error: unknown): { reason: UnknownReason; kind: string } {
  if (error instanceof RegistryError) return { reason: error.reason, kind: 'registry-answer' };
  if (error instanceof DocumentError) {
    return { reason: error.code === 'DIGEST_UNSUPPORTED' ? 'unsupported' : 'malformed', kind: 'document' };
  }
  // One image that trips over a mistake of ours must not take the others with it.
  return { reason: 'unsupported', kind: 'internal-error' };
}

function remediesFor(reason: UnknownReason, asked: Asked): Remedy[] {
  const registry = asked.registry ?? asked.name;
  switch (reason) {
    case 'unauthorized':
      return [
        {
          kind: 'authenticate',
          command: `docker login ${registry}`,
          verified: false,
          why: `${asked.name} is private, or doesn't exist`,
        },
      ];
    case 'rate-limited':
      return [
        {
          kind: 'retry',
          verified: false,
          why: `${registry} limits requests: run again later (what was answered is cached), or log in`,
        },
      ];
    case 'network':
    case 'timeout':
      return [
        { kind: 'retry', verified: false, why: `${registry} could not be reached, or answered with errors` },
      ];
    case 'offline':
      return [{ kind: 'retry', verified: false, why: 'run once without --offline to fill the cache' }];
    case 'not-found':
    case 'malformed':
    case 'unsupported':
    case 'too-large':
      return [];
  }
}
