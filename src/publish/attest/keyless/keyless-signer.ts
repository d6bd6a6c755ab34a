import { isAbort, messageOf } from '../../../core/index.ts';
import { SigningError } from '../errors.ts';
import { inTotoType } from '../statement.ts';
import type { Signer } from '../types.ts';
import type { Identity } from './identity.ts';

export interface KeylessServices {
  /** Address of the certificate authority; Sigstore's public one where absent. */
  readonly fulcio?: string;
  /** Address of the transparency log; Sigstore's public one where absent. */
  readonly rekor?: string;
}

const publicServices = { fulcio: 'https://fulcio.sigstore.dev', rekor: 'https://rekor.sigstore.dev' };
/** Of one request. */
const timeout = 15_000;
const retry = { retries: 2 };

/**
 * A signer with a key that lives for one signature: the certificate authority certifies it for the identity, and the
 * transparency log keeps a record that it was used in time. Each signature asks both anew.
 */
export function keylessSigner(services: KeylessServices, identity: Identity): Signer {
  const { fulcio = publicServices.fulcio, rekor = publicServices.rekor } = services;
  return {
    who: identity.who,
    sign: async (statement, signal) => {
      signal?.throwIfAborted();
      // The identity comes first and by itself: the library would wrap its error, and has its own ways to find one.
      const token = await orAbort(identity.getToken(), signal);
      const { DSSEBundleBuilder, FulcioSigner, RekorWitness, bundleToJSON } = await libraries();
      const builder = new DSSEBundleBuilder({
        signer: new FulcioSigner({
          fulcioBaseURL: fulcio,
          identityProvider: { getToken: () => Promise.resolve(token) },
          timeout,
          retry,
        }),
        witnesses: [new RekorWitness({ rekorBaseURL: rekor, timeout, retry, fetchOnConflict: true })],
      });
      const creating = builder.create({ data: Buffer.from(statement), type: inTotoType });
      const bundle = await orAbort(creating, signal).catch((error: unknown) => {
        throw isAbort(error) || signal?.aborted ? error : failed(error, { fulcio, rekor });
      });
      return new TextEncoder().encode(JSON.stringify(bundleToJSON(bundle)));
    },
  };
}

/** By their default exports: once bundled, modules of the older kind have no others. */
async function libraries() {
  const [sign, bundle] = await Promise.all([import('@sigstore/sign'), import('@sigstore/bundle')]);
  return { ...sign.default, bundleToJSON: bundle.default.bundleToJSON };
}

/** The library takes no signal: its requests end by their own time limit, and nobody waits for them any more. */
async function orAbort<Value>(work: Promise<Value>, signal: AbortSignal | undefined): Promise<Value> {
  if (signal === undefined) return work;
  let abort = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

function failed(error: unknown, { fulcio, rekor }: Required<KeylessServices>): SigningError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const service = code.startsWith('CA_')
    ? `the certificate authority ${fulcio}`
    : code.startsWith('TLOG_')
      ? `the transparency log ${rekor}`
      : `the certificate authority ${fulcio} and the transparency log ${rekor}`;
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return new SigningError('SIGNING_FAILED', `signing needs ${service}, which failed: ${messageOf(cause)}`, {
    hint: 'Run it again later, or sign with a key, which needs no service.',
    facts: { code },
  });
}
