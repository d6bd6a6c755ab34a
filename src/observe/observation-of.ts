import type { AuditVerdict, ImageAudit, Observation, ObservationResult } from '../results/index.ts';

const maxWhy = 2048;

/** What an observation says besides what it is of. */
export type Seen = Pick<Observation, 'result' | 'why'> &
  Partial<Pick<Observation, 'reason' | 'digest' | 'image'>>;

export interface SeenOf {
  /** Canonical, with its tag. */
  readonly reference: string;
  /** `os/architecture[/variant]`, normalised. */
  readonly platform: string;
  readonly method: Observation['method'];
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** An observation in its one form: without empty members, and no longer than what is kept. */
export function observed(seen: Seen, { reference, platform, method, at }: SeenOf): Observation {
  const { digest, image, result, reason, why } = seen;
  return {
    reference,
    platform,
    ...(digest === undefined ? {} : { digest }),
    ...(image === undefined ? {} : { image }),
    at: new Date(at).toISOString(),
    method,
    result,
    ...(reason === undefined ? {} : { reason }),
    // Half a surrogate pair is no character.
    why: why.length <= maxWhy ? why : `${why.slice(0, maxWhy - 1).replace(/[\uD800-\uDBFF]$/, '')}…`,
  };
}

/**
 * What an audit says as an observation: of the bytes behind a reference, or (`method: 'build'`) of an image that was just
 * built and pushed there. `of` is what the reference names.
 */
export function observationOf(
  audit: ImageAudit,
  as: SeenOf & { readonly of: 'index' | 'image' },
): Observation {
  return observed(seenInAudit(audit, as.of), as);
}

/** An audit's verdict in an observation's words. */
export function seenInAudit(audit: ImageAudit, of: 'index' | 'image'): Seen {
  const { verdict, why, digest, manifest } = audit;
  const result = resultOf(verdict, of);
  return {
    result,
    why: `the bytes say ${verdict}: ${why}`,
    ...(digest === undefined ? {} : { digest }),
    ...(manifest === undefined || result === 'none' ? {} : { image: manifest }),
    ...(result === 'unknown' ? { reason: audit.reason ?? 'unsupported' } : {}),
  };
}

function resultOf(verdict: AuditVerdict, of: 'index' | 'image'): ObservationResult {
  switch (verdict) {
    case 'right':
      return of === 'index' ? 'multi-arch' : 'single-arch';
    case 'mislabelled':
      return 'mislabelled';
    case 'mixed':
    case 'metadata-wrong':
    case 'broken':
      return 'partial';
    case 'missing':
    case 'not-an-image':
      return 'none';
    case 'unknown':
      return 'unknown';
  }
}
