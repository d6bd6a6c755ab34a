import type { Key, VerifyMessageResult } from 'openpgp';
import { messageOf } from '../../../../core/index.ts';
import { DebianError } from '../errors.ts';
import type { Trust } from './keyrings.ts';
import { type OpenPgp, readKeys } from './read-keys.ts';

type VerificationResult = VerifyMessageResult['signatures'][number];

/** What is signed: an `InRelease`, which holds its text, or a `Release` with its `Release.gpg`. */
export type Signed =
  | { readonly kind: 'inline'; readonly bytes: Uint8Array }
  | { readonly kind: 'detached'; readonly bytes: Uint8Array; readonly signature: Uint8Array };

export interface Verified {
  /** The text that is signed, and nothing around it. */
  readonly text: string;
  /** Fingerprints of the trusted keys with a good signature: of the primary key, upper-case hexadecimal. */
  readonly signers: readonly string[];
}

export interface VerifyOptions {
  /** What is checked, for errors: its address. */
  readonly name: string;
  readonly trust: Trust;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/**
 * Checks signatures by apt's rules: at least one of a trusted key is good, and none of a trusted key is bad. Signatures of
 * other keys count for nothing, as do those of keys that are expired now or revoked, expired ones, and weak ones (MD5, SHA-1,
 * RIPEMD, short RSA).
 * @throws DebianError `DEBIAN_SIGNATURE`, or `DEBIAN_MALFORMED` where the signature can't be read.
 */
export async function verifySigned(signed: Signed, options: VerifyOptions): Promise<Verified> {
  const openpgp = await import('openpgp');
  const { name, trust, now } = options;
  const { keys, problems } = await readKeys(openpgp, trust.keyrings);
  const { text, signatures } = await checkAll(openpgp, signed, { name, keys, now });
  const verdicts = await Promise.all(
    signatures.map((signature) => judge(signature, { keys, trust, now: new Date(now) })),
  );
  const bad = verdicts.flatMap((verdict) => (verdict.kind === 'bad' ? [verdict.text] : []));
  if (bad.length > 0)
    throw new DebianError('DEBIAN_SIGNATURE', `${name} has a signature that is wrong: ${bad.join('; ')}`, {
      hint: 'The file was changed on its way, or the mirror is being updated: try again, or another mirror.',
      facts: { signature: 'wrong' },
    });
  const signers = verdicts.flatMap((verdict) => (verdict.kind === 'good' ? [verdict.signer] : []));
  if (signers.length > 0) return { text, signers: [...new Set(signers)] };
  const reasons = verdicts.flatMap((verdict) => (verdict.kind === 'worthless' ? [verdict.text] : []));
  const missing = trust.missing.map((path) => `the keyring ${path} is not in the image, or was not read`);
  throw new DebianError(
    'DEBIAN_SIGNATURE',
    `no trusted key signed ${name}: ${[...reasons, ...missing, ...problems].join('; ') || 'it has no signature'}`,
    {
      hint: "Name the archive's keyring, or update the keyring of the image.",
      facts: { signature: 'untrusted' },
    },
  );
}

/** The text of an `InRelease`, whoever signed it. @throws DebianError `DEBIAN_MALFORMED`. */
export async function unverifiedText({ bytes }: Signed, name: string): Promise<string> {
  const openpgp = await import('openpgp');
  const text = Buffer.from(bytes).toString('utf8');
  if (!text.includes('-----BEGIN PGP SIGNED MESSAGE-----')) return text;
  try {
    return (await openpgp.readCleartextMessage({ cleartextMessage: text })).getText();
  } catch (error) {
    throw unreadable(name, error);
  }
}

function unreadable(name: string, error: unknown): DebianError {
  return new DebianError('DEBIAN_MALFORMED', `the signature of ${name} can't be read: ${messageOf(error)}`, {
    cause: error,
  });
}

type Verdict =
  | { readonly kind: 'good'; readonly signer: string }
  | { readonly kind: 'bad' | 'worthless'; readonly text: string };

interface CheckParts {
  readonly name: string;
  readonly keys: readonly Key[];
  readonly now: number;
}

async function checkAll(
  openpgp: OpenPgp,
  signed: Signed,
  { name, keys, now }: CheckParts,
): Promise<{ readonly text: string; readonly signatures: readonly VerificationResult[] }> {
  // A key whose expiry was moved has only its new self-signature left, younger than older messages: gpgv takes it too.
  const config = { allowInsecureVerificationWithReformattedKeys: true };
  const common = { verificationKeys: [...keys], date: new Date(now), config };
  const text = Buffer.from(signed.bytes).toString('utf8');
  try {
    if (signed.kind === 'inline') {
      const message = await openpgp.readCleartextMessage({ cleartextMessage: text });
      const { signatures } = await openpgp.verify({ ...common, message });
      return { text: message.getText(), signatures };
    }
    const message = await openpgp.createMessage({ binary: Uint8Array.from(signed.bytes) });
    const signature = await readDetached(openpgp, signed.signature);
    const { signatures } = await openpgp.verify({ ...common, message, signature, format: 'binary' });
    return { text, signatures };
  } catch (error) {
    throw unreadable(name, error);
  }
}

function readDetached(openpgp: OpenPgp, bytes: Uint8Array): ReturnType<OpenPgp['readSignature']> {
  const text = Buffer.from(bytes).toString('latin1');
  return text.includes('-----BEGIN PGP SIGNATURE-----')
    ? openpgp.readSignature({ armoredSignature: text })
    : openpgp.readSignature({ binarySignature: Uint8Array.from(bytes) });
}

interface JudgeParts {
  readonly keys: readonly Key[];
  readonly trust: Trust;
  readonly now: Date;
}

async function judge(signature: VerificationResult, { keys, trust, now }: JudgeParts): Promise<Verdict> {
  const id = signature.keyID.toHex().toUpperCase();
  const key = keys.find((candidate) => candidate.getKeys(signature.keyID).length > 0);
  if (key === undefined) return { kind: 'worthless', text: `the key ${id} is not among the trusted ones` };
  try {
    await signature.verified;
  } catch (error) {
    const problem = messageOf(error);
    const isWrong = /digest did not match|verification failed/i.test(problem);
    return { kind: isWrong ? 'bad' : 'worthless', text: `key ${id}: ${problem}` };
  }
  if (!isNamed(key, id, trust.fingerprints))
    return { kind: 'worthless', text: `the source does not name the key ${id}` };
  const state = await stateNow(key, signature, now);
  if (state !== undefined) return { kind: 'worthless', text: `key ${id}: ${state}` };
  return { kind: 'good', signer: key.getFingerprint().toUpperCase() };
}

/** A primary key's fingerprint stands for its subkeys too, but with a closing `!` for itself only. */
function isNamed(key: Key, id: string, fingerprints: readonly string[] | undefined): boolean {
  if (fingerprints === undefined) return true;
  const primary = key.getFingerprint().toUpperCase();
  const own = [key, ...key.subkeys]
    .map((part) => part.getFingerprint().toUpperCase())
    .find((fingerprint) => fingerprint.endsWith(id));
  return fingerprints.some((written) =>
    written.endsWith('!') ? written.slice(0, -1) === own : written === primary || written === own,
  );
}

/** Whether the key that signed may still sign; the library looks at the time of signing only. */
async function stateNow(key: Key, { keyID }: VerificationResult, now: Date): Promise<string | undefined> {
  try {
    await key.getSigningKey(keyID, now);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}
