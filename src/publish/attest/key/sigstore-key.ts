import { scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import * as z from 'zod';

/** Why a key in cosign's encrypted form does not open. */
export type SigstoreKeyFailure = 'malformed' | 'unsupported' | 'locked';

const derive = promisify<string, Uint8Array, number, object, Uint8Array>(scrypt);

const base64 = z.base64().transform((text) => new Uint8Array(Buffer.from(text, 'base64')));
const schema = z.object({
  kdf: z.object({
    name: z.string(),
    params: z.object({ N: z.int(), r: z.int(), p: z.int() }),
    salt: base64,
  }),
  cipher: z.object({ name: z.string(), nonce: base64 }),
  ciphertext: base64,
});
type EncryptedKey = z.infer<typeof schema>;

/** The costs that go-securesystemslib writes; it refuses others too, since a file could ask for any amount of memory. */
const knownCosts: readonly number[] = [2 ** 15, 2 ** 16, 2 ** 17];
const blockSize = 8;
const keyBytes = 32;
const nonceBytes = 24;

/**
 * Opens what is inside a PEM block `ENCRYPTED SIGSTORE PRIVATE KEY`: JSON with a PKCS#8 key in NaCl's secretbox, under a
 * key that scrypt derives from the passphrase (go-securesystemslib, package encrypted). Gives the PKCS#8 bytes, or why not.
 */
export async function openSigstoreKey(
  content: Uint8Array,
  passphrase: string,
): Promise<Uint8Array | SigstoreKeyFailure> {
  const parsed = parse(content);
  if (typeof parsed === 'string') return parsed;
  const { kdf, cipher, ciphertext } = parsed;
  const { N, r, p } = kdf.params;
  const maxmem = 256 * N * r;
  const key = await derive(passphrase, kdf.salt, keyBytes, { N, r, p, maxmem });
  const { xsalsa20poly1305 } = await import('@noble/ciphers/salsa.js');
  try {
    return xsalsa20poly1305(key, cipher.nonce).decrypt(ciphertext);
  } catch {
    return 'locked';
  }
}

function parse(content: Uint8Array): EncryptedKey | SigstoreKeyFailure {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(content));
  } catch {
    return 'malformed';
  }
  const { data } = schema.safeParse(json);
  if (data === undefined) return 'malformed';
  const { kdf, cipher } = data;
  const { N, r, p } = kdf.params;
  if (kdf.name !== 'scrypt' || cipher.name !== 'nacl/secretbox') return 'unsupported';
  if (!knownCosts.includes(N) || r !== blockSize || p !== 1) return 'unsupported';
  return cipher.nonce.length === nonceBytes ? data : 'malformed';
}
