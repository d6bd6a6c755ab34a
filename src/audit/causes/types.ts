import type { Digest, Platform } from '../../oci/index.ts';
import type { ForeignCode, LayerOrigin, Subject } from '../types.ts';

/** Another entry of the same index. */
export interface Sibling {
  readonly platform: Platform;
  readonly manifest: Digest;
  /** Lowest first. */
  readonly layers: readonly Digest[];
}

export interface CauseParts {
  readonly foreign: readonly ForeignCode[];
  /** What the documents say. */
  readonly labels: { readonly index?: Platform; readonly config?: Platform };
  /** Of the manifest. */
  readonly annotations: Readonly<Record<string, string>>;
  readonly siblings: readonly Sibling[];
}

/** A layer that gives machine code of other machines which is, or may be, used. */
export interface ForeignLayer {
  /** From 0, lowest first. */
  readonly index: number;
  readonly origin: LayerOrigin;
  readonly code: readonly ForeignCode[];
  /** By their Go names. */
  readonly architectures: ReadonlySet<string>;
  /** Made by a `COPY` line. */
  readonly isCopied: boolean;
}

/** What causes are told from. */
export interface Evidence extends Omit<CauseParts, 'foreign'> {
  readonly subject: Subject;
  /** Lowest first. */
  readonly layers: readonly ForeignLayer[];
  readonly architectures: ReadonlySet<string>;
  /** Where the lowest machine code is a userland for other machines, and wasn't copied: its layer. */
  readonly base?: ForeignLayer;
}

/** A likely cause, with the layers whose content it explains. */
export interface Cause {
  readonly text: string;
  readonly layers: readonly ForeignLayer[];
}

/** Layers that causes better known have explained are left out by those that only guess. */
export type CauseRule = (evidence: Evidence, explained: ReadonlySet<ForeignLayer>) => readonly Cause[];
