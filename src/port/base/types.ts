import type { MergedView } from '../../layer/index.ts';
import type { Descriptor, Digest, ImageConfig, ImageManifest, Index, Platform } from '../../oci/index.ts';
import type { Location, OpenedImage, Repository } from '../../registry/index.ts';
import type { UnknownReason } from '../../results/index.ts';
import type { BaseKnowledge } from './knowledge.ts';

/** One platform's image with its documents, as they are before a port. */
export interface PortableImage {
  /** Canonical, for people. */
  readonly reference: string;
  readonly repository: Repository;
  /** The index it stands in, where it stands in one: its attestations are beside it. */
  readonly index?: Index;
  readonly digest: Digest;
  readonly manifest: ImageManifest;
  /** The platform that it is for. */
  readonly platform: Platform;
  readonly config: ImageConfig;
  /** The config as it is. */
  readonly configBytes: Uint8Array;
  /** Its files, where they have been read: os-release then helps with proposals. */
  readonly view?: MergedView;
}

export interface FindBaseOptions {
  /** The platform that a base has to have too. */
  readonly platform: Platform;
  /** Opens what a clue names. What can't be opened is unknown, never "no base". */
  readonly open: (location: Location) => Promise<OpenedImage>;
  /** References that a person gave, first choice first. One that fits is taken before all others. */
  readonly given?: readonly string[];
  readonly knownBases?: BaseKnowledge;
  /** References looked at, at most; 40 unless told. */
  readonly maxCandidates?: number;
  readonly signal?: AbortSignal;
}

/** What named a candidate, strongest first. */
export type BaseEvidence =
  /** A build's own record of what FROM resolved to (BuildKit's provenance attestation). */
  | 'provenance'
  /** `org.opencontainers.image.base.*` of the manifest, its index entry or the index. */
  | 'annotation'
  /** The same as a label in the config. */
  | 'label'
  /** The layers' chain-id, in the table of known bases. */
  | 'known'
  /** A person. */
  | 'given';

/** One reference that may name the base, and what became of it. */
export interface BaseCandidate {
  /** Canonical; as written where it is no reference. */
  readonly reference: string;
  readonly evidence: BaseEvidence;
  /** The base whose documents named it; absent where the image itself, a person or the table did. */
  readonly via?: string;
  /** `unknown`: it could not be looked at, so it may be the base all the same. */
  readonly outcome: 'accepted' | 'rejected' | 'unknown';
  /** Why it is unknown. */
  readonly reason?: UnknownReason;
  readonly why: string;
}

/** One platform's image of a base. */
export interface BaseImage {
  readonly descriptor: Descriptor;
  readonly manifest: ImageManifest;
  readonly config: ImageConfig;
  /** The config as it is, for the three-way merge. */
  readonly configBytes: Uint8Array;
}

/** A base whose layers are the image's lowest, with its image for the target platform. */
export interface FoundBase {
  /** Canonical, with the digest of the index that the target is in. */
  readonly reference: string;
  readonly indexDigest: Digest;
  /** False where only the target is from that index, because the tag has moved on: parity is to be checked. */
  readonly sameIndex: boolean;
  /** Where both images' blobs are. */
  readonly opened: OpenedImage;
  readonly source: BaseImage;
  readonly target: BaseImage;
  /** Number of the image's layers that are the base's. */
  readonly layers: number;
  readonly evidence: BaseEvidence;
  /** What speaks against the target being what it says: sentences. */
  readonly doubts: readonly string[];
}

/** A reference that a person may try with `--base`; nothing of it was checked. */
export interface BaseProposal {
  readonly reference: string;
  /** What made it come up. */
  readonly why: string;
}

/** A document that may have named a base, but could not be read. */
export interface UnreadEvidence {
  readonly evidence: BaseEvidence;
  /** Of which image. */
  readonly of: string;
  readonly reason: UnknownReason;
  readonly why: string;
}

export interface BaseSearch {
  /** `unknown`: no base was accepted, and something that may name it could not be read. */
  readonly state: 'found' | 'none' | 'unknown';
  readonly base?: FoundBase;
  /** Other bases that fit, best first. */
  readonly others: readonly FoundBase[];
  /** Everything that was considered, in the order it came up. */
  readonly candidates: readonly BaseCandidate[];
  readonly unread: readonly UnreadEvidence[];
  readonly proposals: readonly BaseProposal[];
}
