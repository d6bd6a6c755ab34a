import type { Descriptor, Digest } from '../../oci/index.ts';

/** Who signs. */
export type SignSettings =
  /** A private key of this machine: PEM, encrypted or not. */
  | { readonly kind: 'key'; readonly file: string; readonly passphrase?: string }
  /** The identity that the environment's OIDC provider vouches for, in CI as a rule. */
  | { readonly kind: 'keyless' };

/** What is said of an image: an in-toto statement without its subject (in-toto attestation framework, v1). */
export interface Predicate {
  /** What it is to people: `provenance`, `account`. */
  readonly kind: string;
  /** Address of the predicate's type. */
  readonly type: string;
  /** Plain JSON. */
  readonly predicate: unknown;
}

/** The image that is spoken of. */
export interface AttestedImage {
  /** Of its manifest. */
  readonly descriptor: Descriptor;
  /** What it's called: `registry.example/app`. */
  readonly name: string;
}

/** Something to be attached to an image as a referrer (image-spec manifest.md, `subject`). */
export interface Attachment {
  /** `provenance`, `account`, `sbom`. */
  readonly kind: string;
  readonly signed: boolean;
  readonly artifactType: string;
  readonly manifest: { readonly digest: Digest; readonly mediaType: string; readonly bytes: Uint8Array };
  /** What its manifest names. */
  readonly blobs: readonly { readonly descriptor: Descriptor; readonly bytes: Uint8Array }[];
}
