import { type KeyObject, verify } from 'node:crypto';
import { bundleFromJSON } from '@sigstore/bundle';
import { TrustedRoot } from '@sigstore/protobuf-specs';
import { toSignedEntity, toTrustMaterial, Verifier } from '@sigstore/verify';
import { hintOf } from './key/key-signer.ts';

interface Envelope {
  readonly payload: string;
  readonly payloadType: string;
  readonly signatures: readonly { readonly sig: string; readonly keyid?: string }[];
}

/** The parts of a bundle, as it stands in JSON. */
export interface BundleDocument {
  readonly mediaType: string;
  readonly verificationMaterial: {
    readonly publicKey?: { readonly hint: string };
    readonly certificate?: { readonly rawBytes: string };
    readonly tlogEntries?: readonly unknown[];
  };
  readonly dsseEnvelope: Envelope;
}

/** Does the key's owner say this? By sigstore's own verifier, without any service. */
export function verifyByLibrary(bundle: BundleDocument, publicKey: KeyObject): boolean {
  const rawBytes = publicKey.export({ format: 'der', type: 'spki' });
  const keys = { [hintOf(publicKey)]: { rawBytes, keyDetails: 0 } };
  const verifier = new Verifier(toTrustMaterial(TrustedRoot.fromJSON({}), keys), {
    tlogThreshold: 0,
    ctlogThreshold: 0,
    timestampThreshold: 0,
  });
  try {
    verifier.verify(toSignedEntity(bundleFromJSON(bundle)));
    return true;
  } catch {
    return false;
  }
}

/** The same from the DSSE specification alone (protocol.md), with the hash that belongs to the key. */
export function verifyByHand({ dsseEnvelope }: BundleDocument, publicKey: KeyObject): boolean {
  const { payload, payloadType, signatures } = dsseEnvelope;
  const body = Buffer.from(payload, 'base64');
  const signed = Buffer.concat([
    Buffer.from(`DSSEv1 ${Buffer.byteLength(payloadType)} ${payloadType} ${body.length} `),
    body,
  ]);
  const hashes: Readonly<Record<string, string>> = { secp384r1: 'sha384', secp521r1: 'sha512' };
  const { namedCurve = '' } = publicKey.asymmetricKeyDetails ?? {};
  const hash = publicKey.asymmetricKeyType === 'ed25519' ? null : (hashes[namedCurve] ?? 'sha256');
  return signatures.every(({ sig }) => verify(hash, signed, publicKey, Buffer.from(sig, 'base64')));
}

/** The statement inside. */
export function statementIn({ dsseEnvelope }: BundleDocument): Record<string, unknown> {
  return JSON.parse(Buffer.from(dsseEnvelope.payload, 'base64').toString('utf8')) as Record<string, unknown>;
}

/** The same bundle around another statement. */
export function withStatement(bundle: BundleDocument, statement: unknown): BundleDocument {
  const payload = Buffer.from(JSON.stringify(statement)).toString('base64');
  return { ...bundle, dsseEnvelope: { ...bundle.dsseEnvelope, payload } };
}
