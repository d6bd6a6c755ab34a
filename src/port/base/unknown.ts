import { ArmloadError, isAbort, messageOf } from '../../core/index.ts';
import { DocumentError } from '../../oci/index.ts';
import { RegistryError } from '../../registry/index.ts';
import type { UnknownReason } from '../../results/index.ts';

/** Why something could not be looked at. */
export interface Unknown {
  readonly reason: UnknownReason;
  readonly why: string;
}

/**
 * Turns a failure into a reason: what gives no answer says nothing about the base.
 * @throws what an abort threw, and what nobody threw on purpose.
 */
export function unknownBecause(error: unknown, signal: AbortSignal | undefined): Unknown {
  if (isAbort(error) || signal?.aborted || !(error instanceof ArmloadError)) throw error;
  return { reason: reasonOf(error), why: messageOf(error) };
}

function reasonOf(error: ArmloadError): UnknownReason {
  if (error instanceof RegistryError) return error.reason;
  if (!(error instanceof DocumentError)) return 'unsupported';
  if (error.code === 'DIGEST_UNSUPPORTED') return 'unsupported';
  return error.code === 'DOCUMENT_TOO_LARGE' ? 'too-large' : 'malformed';
}
