import { messageOf } from '../../core/index.ts';
import type { CallOptions, Credential, CredentialStore } from '../types.ts';

/** What a credential is looked up for. */
export interface CredentialTarget {
  readonly registry: string;
  readonly repository: string;
}

/** One source that was asked, for `--verbose`. Never holds a user name or a secret. */
export interface CredentialStep {
  /** A file's path, a helper program's name, a Secret's name, `Amazon ECR`. */
  readonly source: string;
  readonly outcome: 'found' | 'nothing' | 'failed';
  /** `password for ghcr.io/team`, `no such file`, or what went wrong. */
  readonly detail: string;
}

export interface LookupOptions extends CallOptions {
  /** Told of each source as it is asked. */
  readonly trace?: (step: CredentialStep) => void;
}

/** A CredentialStore that says which sources it asked. Every store of this folder is one. */
export interface TracedStore extends CredentialStore {
  lookup(target: CredentialTarget, options?: LookupOptions): Promise<Credential | undefined>;
}

/** What a credential is, without what is in it. */
export function kindOf(credential: Credential): string {
  if (credential.registryToken !== undefined) return 'registry token';
  return credential.identityToken === undefined ? 'password' : 'identity token';
}

/** What a lookup went through, for people. A failure is a step too, and the result says so. */
export interface CredentialExplanation {
  readonly steps: readonly CredentialStep[];
  /** `anonymous`, or what kind of credential came from where. */
  readonly result: string;
}

/**
 * Which sources are asked for a repository, and what came. Asks them again, but helpers and clouds answer from memory.
 * A source that fails is a step like any other: this throws only when aborted.
 */
export async function explainLookup(
  store: TracedStore,
  target: CredentialTarget,
  options: CallOptions = {},
): Promise<CredentialExplanation> {
  const steps: CredentialStep[] = [];
  try {
    const credential = await store.lookup(target, { ...options, trace: (step) => void steps.push(step) });
    if (!credential) return { steps, result: 'anonymous' };
    return { steps, result: `${kindOf(credential)} from ${credential.source}` };
  } catch (error) {
    options.signal?.throwIfAborted();
    return { steps, result: `failed: ${messageOf(error)}` };
  }
}
