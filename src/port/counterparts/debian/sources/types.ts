/** Where the keys that may sign a source are. */
export type SignedBy =
  /** Keyrings of the image, absolute paths; or fingerprints, a closing `!` for exactly that key. */
  | { readonly kind: 'named'; readonly names: readonly string[] }
  /** A key block written into the source. */
  | { readonly kind: 'inline'; readonly armored: string };

/** One suite of one archive that packages come from (sources.list(5)). */
export interface AptSource {
  /** The image's file and the line the source starts at; `line` 0 for one that a person configured. */
  readonly file: string;
  readonly line: number;
  /** Without a closing slash; may hold a password, so `redact` it for people. */
  readonly uri: string;
  /** A closing slash means an archive without components, at exactly that path. */
  readonly suite: string;
  readonly components: readonly string[];
  /** The architectures it's limited to; absent for no limit. */
  readonly architectures?: readonly string[];
  readonly signedBy?: SignedBy;
  /** `Trusted: yes`: apt asks for no signature. armload still does, unless it's told otherwise. */
  readonly trusted: boolean;
  /** False where `Check-Valid-Until: no` says so, as for snapshots. */
  readonly checkValidUntil: boolean;
  /** An address in a comment above the archive's own, as images made from a snapshot have it: the same archive at that time. */
  readonly snapshotUri?: string;
  /** The address before mirrors or a snapshot replaced it. */
  readonly replaced?: string;
}

/** A source that armload can't use, or can't read. */
export interface SourceProblem {
  readonly file: string;
  readonly line: number;
  readonly text: string;
}

export interface SourcesReading {
  readonly sources: readonly AptSource[];
  readonly problems: readonly SourceProblem[];
}
