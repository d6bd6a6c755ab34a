import type { Descriptor, Digest } from '../../oci/index.ts';

/** Who signs. */
export type SignSettings =
  /** A private key of this machine: PEM, encrypted or not; cosign's own encrypted form too. */
  | { readonly kind: 'key'; readonly file: string; readonly passphrase?: string }
  /**
   * The identity that the environment's OIDC provider vouches for, in CI as a rule. The certificate authority and the
   * transparency log are Sigstore's public ones unless their addresses are given; what goes into a log stays there.
   */
  | { readonly kind: 'keyless'; readonly fulcio?: string; readonly rekor?: string };

/** Variables such as process.env has. */
export type Environment = Readonly<Record<string, string | undefined>>;

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

/** The list of an image's parts, as a document of its own. */
export interface Sbom {
  readonly artifactType: 'application/vnd.cyclonedx+json';
  readonly bytes: Uint8Array;
}

/** Something to be attached to an image as a referrer (image-spec manifest.md, `subject`). */
export interface Attachment {
  /** `provenance`, `account`, `sbom`; `signature` for the one that speaks for the image itself. */
  readonly kind: string;
  readonly signed: boolean;
  readonly artifactType: string;
  readonly manifest: { readonly digest: Digest; readonly mediaType: string; readonly bytes: Uint8Array };
  /** What its manifest names. */
  readonly blobs: readonly { readonly descriptor: Descriptor; readonly bytes: Uint8Array }[];
}

/** Signs in-toto statements. */
export interface Signer {
  /** For people: `an ECDSA P-256 key`, `the identity of GitHub Actions`. */
  readonly who: string;
  /** Gives a sigstore bundle v0.3, as JSON, around the DSSE envelope of the statement. */
  sign(statement: Uint8Array, signal?: AbortSignal): Promise<Uint8Array>;
}
