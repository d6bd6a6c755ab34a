import type { Key } from 'openpgp';
import { messageOf } from '../../../../core/index.ts';
import type { Keyring } from './keyrings.ts';

/** The library is large, and only ports of packages need it. */
export type OpenPgp = typeof import('openpgp');

const maxKeyringBytes = 8 * 1024 * 1024;
const [begin, end] = ['-----BEGIN PGP PUBLIC KEY BLOCK-----', '-----END PGP PUBLIC KEY BLOCK-----'];

/** Keys of all keyrings, those of one key joined, and why others can't be read. */
export interface KeysRead {
  readonly keys: readonly Key[];
  readonly problems: readonly string[];
}

/** One keyring that can't be read leaves the others good: fewer keys are trusted then, never more. */
export async function readKeys(openpgp: OpenPgp, keyrings: readonly Keyring[]): Promise<KeysRead> {
  const keys = new Map<string, Key>();
  const problems: string[] = [];
  for (const keyring of keyrings) {
    try {
      for (const key of await keysOf(openpgp, keyring)) {
        const fingerprint = key.getFingerprint();
        const known = keys.get(fingerprint);
        // Of two copies one may be prolonged or revoked: what either says counts.
        keys.set(fingerprint, known === undefined ? key : ((await known.update(key)) as Key));
      }
    } catch (error) {
      problems.push(`the keyring ${keyring.path} can't be read: ${messageOf(error)}`);
    }
  }
  return { keys: [...keys.values()], problems };
}

async function keysOf(openpgp: OpenPgp, { bytes }: Keyring): Promise<readonly Key[]> {
  if (bytes.length > maxKeyringBytes)
    throw new Error(`it has ${bytes.length} bytes, over the limit of ${maxKeyringBytes}`);
  if (bytes.length === 0) return [];
  const text = Buffer.from(bytes).toString('latin1');
  if (!text.includes('-----BEGIN PGP')) return openpgp.readKeys({ binaryKeys: Uint8Array.from(bytes) });
  const keys = await Promise.all(blocksOf(text).map((armoredKeys) => openpgp.readKeys({ armoredKeys })));
  return keys.flat();
}

/** The library reads only the first of several in a file. */
function blocksOf(text: string): readonly string[] {
  const blocks: string[] = [];
  for (let start = text.indexOf(begin); start >= 0; ) {
    const stop = text.indexOf(end, start);
    if (stop < 0) break;
    blocks.push(text.slice(start, stop + end.length));
    start = text.indexOf(begin, stop);
  }
  return blocks;
}
