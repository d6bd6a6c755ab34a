import { ArmloadError, type ErrorDetails } from '../core/index.ts';

/** Why a registry gave no answer; the same words as a readiness verdict's `unknown` reasons. */
export type RegistryFailure =
  | 'unauthorized'
  | 'not-found'
  | 'rate-limited'
  | 'network'
  | 'timeout'
  | 'malformed'
  | 'unsupported'
  | 'offline';

/** The request that failed. `url` carries no secrets. */
export interface FailedRequest {
  readonly host?: string;
  readonly repository?: string;
  readonly method?: string;
  readonly url?: string;
  readonly status?: number;
  /** The registry's own error code: `MANIFEST_UNKNOWN`, `TOOMANYREQUESTS`, … */
  readonly registryCode?: string;
}

const codes = {
  unauthorized: 'REGISTRY_UNAUTHORIZED',
  'not-found': 'REGISTRY_NOT_FOUND',
  'rate-limited': 'REGISTRY_RATE_LIMITED',
  network: 'REGISTRY_NETWORK',
  timeout: 'REGISTRY_TIMEOUT',
  malformed: 'REGISTRY_MALFORMED',
  unsupported: 'REGISTRY_UNSUPPORTED',
  offline: 'REGISTRY_OFFLINE',
} as const satisfies Record<RegistryFailure, string>;

/** A registry, layout or archive that gave no (believable) answer. */
export class RegistryError extends ArmloadError<(typeof codes)[RegistryFailure]> {
  readonly reason: RegistryFailure;
  readonly request: FailedRequest;

  constructor(
    reason: RegistryFailure,
    message: string,
    request: FailedRequest = {},
    details: ErrorDetails = {},
  ) {
    super(codes[reason], message, { ...details, facts: { ...details.facts, ...request } });
    this.reason = reason;
    this.request = request;
  }
}
