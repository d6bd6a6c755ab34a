import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import type { MergedView } from '../../../layer/index.ts';
import { imageFile, imageFolder } from '../debian/image-text.ts';
import type { Keyring } from '../debian/trust/index.ts';
import { PackagesError } from '../shared/packages/errors.ts';
import { filesInTar } from './tar-files.ts';

/** A public key that may sign, by the name that signatures know it by. */
export interface ApkKey {
  readonly name: string;
  readonly key: KeyObject;
  /** SHA-256 of the key, hexadecimal. */
  readonly fingerprint: string;
}

/** The kinds of signatures by their names (apk-tools' `extract_v2.c`), and the hashes that they sign. */
const kinds: Readonly<Record<string, string>> = { RSA: 'sha1', RSA256: 'sha256', RSA512: 'sha512' };

const minKeyBits = 2048;

/**
 * The keys of an image that may sign packages of an architecture: those that apk trusts, and those that Alpine's own
 * package of keys has for the architecture, which apk would trust there. Others are named by a person.
 */
export function readKeys(
  view: MergedView,
  architecture: string,
  extra: readonly Keyring[],
): ReadonlyMap<string, readonly ApkKey[]> {
  const folders = ['etc/apk/keys', `usr/share/apk/keys/${architecture}`];
  const files = folders.flatMap((folder) =>
    imageFolder(view, folder).flatMap(({ path }) => {
      const file = imageFile(view, path);
      return file.kind === 'read' ? [{ path, bytes: file.bytes }] : [];
    }),
  );
  const keys = new Map<string, ApkKey[]>();
  for (const { path, bytes } of [...files, ...extra]) {
    const name = path.slice(path.lastIndexOf('/') + 1);
    const key = keyIn(bytes);
    if (key !== undefined) keys.set(name, [...(keys.get(name) ?? []), { name, ...key }]);
  }
  return keys;
}

function keyIn(bytes: Uint8Array): Pick<ApkKey, 'key' | 'fingerprint'> | undefined {
  try {
    const key = createPublicKey(Buffer.from(bytes));
    const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
    if (key.asymmetricKeyType !== 'rsa' || bits < minKeyBits) return undefined;
    const der = key.export({ type: 'spki', format: 'der' });
    return { key, fingerprint: createHash('sha256').update(der).digest('hex') };
  } catch {
    return undefined;
  }
}

/** What a signature says: a trusted key's is good, or nothing is known for no key is. */
export type Signatures =
  | { readonly kind: 'good'; readonly signers: readonly string[] }
  | { readonly kind: 'none'; readonly text: string };

/**
 * Checks the signatures in the first part of an index or package over the bytes that follow it.
 * @param part the first part's tar.
 * @throws PackagesError `PACKAGES_SIGNATURE` where a trusted key's signature is wrong; `PACKAGES_MALFORMED`.
 */
export async function checkSignatures(
  part: Uint8Array,
  signed: Uint8Array,
  { keys, name }: { readonly keys: ReadonlyMap<string, readonly ApkKey[]>; readonly name: string },
): Promise<Signatures> {
  const signers: string[] = [];
  const unknown: string[] = [];
  for (const [file, signature] of await filesInTar(part, name)) {
    const [, kind = '', key = ''] = /^\.SIGN\.([A-Z0-9]+)\.(.+)$/.exec(file) ?? [];
    const hash = kinds[kind];
    if (hash === undefined) continue;
    const known = keys.get(key) ?? [];
    if (known.length === 0) unknown.push(key);
    const good = known.filter((one) => verify(hash, signed, one.key, signature));
    if (known.length > 0 && good.length === 0)
      throw new PackagesError(
        'PACKAGES_SIGNATURE',
        `${name} has a signature that is wrong: of the key ${key}`,
        {
          hint: 'The file was changed on its way, or the mirror is being updated: try again, or another mirror.',
        },
      );
    signers.push(...good.map(({ fingerprint }) => fingerprint));
  }
  if (signers.length > 0) return { kind: 'good', signers: [...new Set(signers)] };
  const reason =
    unknown.length > 0 ? `the key ${unknown.join(', ')} is not among the image's` : 'it has no signature';
  return { kind: 'none', text: reason };
}
