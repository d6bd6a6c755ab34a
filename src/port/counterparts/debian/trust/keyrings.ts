import type { MergedView } from '../../../../layer/index.ts';
import { imageFile, imageFolder } from '../image-text.ts';
import type { AptSource } from '../sources/index.ts';

/** A file of OpenPGP public keys, armored or not. */
export interface Keyring {
  /** Absolute path, for people. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** The keys of an image. */
export interface ImageKeyrings {
  /** Those that may sign every source without `Signed-By`: `trusted.gpg` and `trusted.gpg.d` (apt-secure(8)). */
  readonly trusted: readonly Keyring[];
  /** Those that a source may name, by their absolute path. */
  readonly named: ReadonlyMap<string, Keyring>;
}

const trustedNames = /\.(?:gpg|asc)$/;

/** Reads the keyrings of an image whose layers were read with `debianFiles` wanted. */
export function readKeyrings(view: MergedView): ImageKeyrings {
  const folders = ['etc/apt/trusted.gpg.d', 'etc/apt/keyrings', 'usr/share/keyrings'];
  const paths = [
    'etc/apt/trusted.gpg',
    ...folders.flatMap((folder) => imageFolder(view, folder).map(({ path }) => path)),
  ];
  const all = paths.flatMap((path) => {
    const file = imageFile(view, path);
    return file.kind === 'read' ? [{ path: `/${path}`, bytes: file.bytes }] : [];
  });
  const isTrusted = ({ path }: Keyring): boolean =>
    path === '/etc/apt/trusted.gpg' ||
    (path.startsWith('/etc/apt/trusted.gpg.d/') && trustedNames.test(path));
  return { trusted: all.filter(isTrusted), named: new Map(all.map((keyring) => [keyring.path, keyring])) };
}

/** What may sign a source: keys, and the fingerprints they are limited to. */
export interface Trust {
  readonly keyrings: readonly Keyring[];
  /** Upper-case hexadecimal; a closing `!` for exactly that key. Absent for no limit. */
  readonly fingerprints?: readonly string[];
  /** Keyrings that the source names, but that aren't there. */
  readonly missing: readonly string[];
}

/**
 * The keys that apt would check a source with: those its `Signed-By` names and no others, else the trusted ones. `extra` are
 * keyrings that a person configured, which may sign every source.
 */
export function trustOf(source: AptSource, keyrings: ImageKeyrings, extra: readonly Keyring[] = []): Trust {
  const { signedBy } = source;
  if (signedBy === undefined) return { keyrings: [...keyrings.trusted, ...extra], missing: [] };
  if (signedBy.kind === 'inline') {
    const inline = { path: `/${source.file}`, bytes: Buffer.from(signedBy.armored) };
    return { keyrings: [inline, ...extra], missing: [] };
  }
  const paths = signedBy.names.filter((name) => name.startsWith('/'));
  const fingerprints = signedBy.names
    .filter((name) => !name.startsWith('/'))
    .map((name) => name.toUpperCase());
  const found = paths.flatMap((path) => keyrings.named.get(path) ?? []);
  return {
    keyrings: [...(paths.length === 0 ? keyrings.trusted : found), ...extra],
    ...(fingerprints.length === 0 ? {} : { fingerprints }),
    missing: paths.filter((path) => !keyrings.named.has(path)),
  };
}
