import { createHash, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { promisify } from 'node:util';
import { UsageError } from '../../../core/index.ts';
import { inTotoType } from '../statement.ts';
import type { Signer } from '../types.ts';
import { type KeyFile, readKey } from './read-key.ts';

interface Algorithm {
  /** `ECDSA P-256` */
  readonly name: string;
  /** None where the algorithm hashes by itself. */
  readonly hash: string | null;
}

/** The hash belongs to the curve (sigstore, "algorithm registry"): a verifier knows it from the key alone. */
const curves: Readonly<Record<string, Algorithm>> = {
  prime256v1: { name: 'ECDSA P-256', hash: 'sha256' },
  secp384r1: { name: 'ECDSA P-384', hash: 'sha384' },
  secp521r1: { name: 'ECDSA P-521', hash: 'sha512' },
};
const rsaSizes: readonly number[] = [2048, 3072, 4096];

const signAsync = promisify<string | null, Uint8Array, KeyObject, Buffer>(sign);

/**
 * A signer with a key of this machine. Its bundles name the key by its digest and hold no entry of a transparency log, so
 * that it works without a network; verifiers are told so (`cosign verify --key KEY.pub --insecure-ignore-tlog=true`).
 * @throws UsageError `CONFIG` where the key is missing, locked, or of a kind that sigstore's verifiers don't take.
 */
export async function keySigner(settings: KeyFile): Promise<Signer> {
  const key = await readKey(settings);
  const { name, hash } = algorithmOf(key, settings.file);
  const keyHint = hintOf(createPublicKey(key));
  return {
    who: `the ${name} key ${keyHint}`,
    sign: async (statement, signal) => {
      signal?.throwIfAborted();
      const { bundle, core } = await libraries();
      const artifact = Buffer.from(statement);
      const signature = await signAsync(hash, core.dsse.preAuthEncoding(inTotoType, artifact), key);
      const made = bundle.toDSSEBundle({ artifact, artifactType: inTotoType, signature, keyHint });
      // The library also repeats the hint as the envelope's key id, which cosign leaves empty.
      const [first] = made.content.dsseEnvelope.signatures;
      if (first !== undefined) first.keyid = '';
      return new TextEncoder().encode(JSON.stringify(bundle.bundleToJSON(made)));
    },
  };
}

/** What a bundle calls a key, as cosign does: base64 of the SHA-256 of its SubjectPublicKeyInfo. */
export function hintOf(publicKey: KeyObject): string {
  return createHash('sha256')
    .update(publicKey.export({ format: 'der', type: 'spki' }))
    .digest('base64');
}

function algorithmOf(key: KeyObject, file: string): Algorithm {
  const { namedCurve = 'unknown', modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  const type = key.asymmetricKeyType;
  if (type === 'ed25519') return { name: 'Ed25519', hash: null };
  if (type === 'rsa' && rsaSizes.includes(modulusLength))
    return { name: `RSA ${modulusLength}`, hash: 'sha256' };
  const curve = type === 'ec' ? curves[namedCurve] : undefined;
  if (curve !== undefined) return curve;
  const details =
    type === 'ec' ? ` on the curve ${namedCurve}` : type === 'rsa' ? ` of ${modulusLength} bits` : '';
  throw new UsageError(
    'CONFIG',
    `${file} holds a key of the kind ${type ?? 'unknown'}${details}, which sigstore's verifiers don't take`,
    { hint: 'ECDSA on P-256, P-384 or P-521, Ed25519, and RSA of 2048, 3072 or 4096 bits will do.' },
  );
}

/**
 * Loaded when something is signed: most runs of armload sign nothing. By their default exports: once bundled, modules of the
 * older kind have no others.
 */
async function libraries() {
  const [bundle, core] = await Promise.all([import('@sigstore/bundle'), import('@sigstore/core')]);
  return { bundle: bundle.default, core: core.default };
}
