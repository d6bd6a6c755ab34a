import { generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digestOf, mediaTypes } from '../../oci/index.ts';
import type { Attachment, AttestedImage } from './types.ts';

/** Kinds of keys that sigstore's verifiers take. */
export const keyKinds = ['P-256', 'P-384', 'P-521', 'Ed25519', 'RSA 2048'] as const;
export type KeyKind = (typeof keyKinds)[number];

interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

export function makeKeyPair(kind: KeyKind): KeyPair {
  if (kind === 'Ed25519') return generateKeyPairSync('ed25519');
  if (kind === 'RSA 2048') return generateKeyPairSync('rsa', { modulusLength: 2048 });
  return generateKeyPairSync('ec', { namedCurve: kind });
}

/** PKCS#8; encrypted where there is a passphrase. */
export function pemOf(privateKey: KeyObject, passphrase?: string): string {
  const encrypted = passphrase === undefined ? {} : { cipher: 'aes-256-cbc', passphrase };
  return privateKey.export({ format: 'pem', type: 'pkcs8', ...encrypted }).toString();
}

export function publicPemOf(key: KeyObject): string {
  return key.export({ format: 'pem', type: 'spki' }).toString();
}

/** A folder for keys that ends with the tests; made with its first file, since tests that are skipped end nothing. */
export function keyFolder(): {
  write(name: string, content: string | Uint8Array): string;
  path: string;
  remove(): void;
} {
  const path = join(tmpdir(), `armload-keys-${randomUUID()}`);
  return {
    path,
    write: (name, content) => {
      mkdirSync(path, { recursive: true, mode: 0o700 });
      const file = join(path, name);
      writeFileSync(file, content, { mode: 0o600 });
      return file;
    },
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}

/** An image that was never built: only its name is spoken of. */
export function imageNamed(text: string, name = 'registry.example/team/app'): AttestedImage {
  const bytes = new TextEncoder().encode(text);
  const descriptor = { mediaType: mediaTypes.ociManifest, digest: digestOf(bytes), size: bytes.length };
  return { name, descriptor };
}

/** What the manifest holds, read back. */
export function manifestOf({ manifest }: Attachment): unknown {
  return JSON.parse(new TextDecoder().decode(manifest.bytes));
}

/** The one layer, read back. */
export function documentOf({ blobs }: Attachment): unknown {
  return JSON.parse(new TextDecoder().decode(blobs[1]?.bytes));
}
