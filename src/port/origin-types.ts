import type { Clock, EventSink } from '../core/index.ts';
import type { MergedView, ViewEntry } from '../layer/index.ts';
import type { Platform } from '../oci/index.ts';
import type { Sharing } from './fetch/index.ts';
import type { AddedPath, PathPlan } from './plan-types.ts';

/** The image that is ported, as origins see it. */
export interface PortImage {
  /** Canonical. */
  readonly reference: string;
  /** What it's for, and what it's to be for. */
  readonly source: Platform;
  readonly target: Platform;
  /** All its layers, read with the origins' `wanted` files. */
  readonly view: MergedView;
  /** How many of its lowest layers are the base's; 0 without one, and then all of it is above. */
  readonly baseLayers: number;
  /** The base's own files, and those of its sibling that takes their place; views of no layers without a base. */
  readonly oldBase: MergedView;
  readonly newBase: MergedView;
  /** The path's name on the target: the same where it names no architecture, `undefined` where it does and none is known. */
  readonly mapPath: (path: string) => string | undefined;
  /** A file's bytes, from its layer once more; absent where the layers are not at hand. @throws LayerError, RegistryError. */
  readonly read?: (file: ViewEntry, signal: AbortSignal | undefined) => AsyncIterable<Uint8Array>;
  /** When it was made, milliseconds since the epoch; absent where it doesn't say. */
  readonly createdAt?: number;
}

/** What an origin works with besides the image. */
export interface OriginContext {
  /** A fresh folder of this origin's own, for content that is too much for memory. It goes when the port is done. */
  readonly folder: string;
  /** The folder for what is fetched, kept from run to run. */
  readonly cache: string;
  /** Paths that origins before this one answer for, or that they would if they could reach what they need. */
  readonly taken: ReadonlySet<string>;
  /** With the other ports of this run; absent where there are none. */
  readonly sharing?: Sharing | undefined;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: EventSink | undefined;
}

/**
 * Where counterparts come from: Debian's packages, releases that a person names, the new base. Adding one is a folder
 * under `counterparts/` and a line in `counterparts/origins.ts`.
 */
export interface Origin {
  /** `debian`, `release`, `base`. */
  readonly name: string;
  /** Files that it reads by content, as patterns for the layer reader's `wanted`. */
  readonly wanted: readonly string[];
  /** Hashes that it compares besides SHA-256: read only where an origin asks. */
  readonly hashes?: readonly ('md5' | 'sha1')[];
  /**
   * Looks at the image itself for what it knows. Everything that it can't answer for, and that is its own, it refuses; what
   * it knows nothing of it leaves alone.
   * @throws the signal's reason, UsageError for settings that can't be used; what can't be reached is a refusal that is
   * `undetermined`.
   */
  plan(image: PortImage, context: OriginContext): Promise<OriginPlan>;
}

/** An origin's part of the plan. */
export interface OriginPlan {
  /**
   * By path of the image's view, for paths whose `ViewEntry.layer` is above the base; and by the path of its marker
   * (`entryPath`) for a whiteout. What is absent is left to others.
   */
  readonly paths: ReadonlyMap<string, PathPlan>;
  /** With the layer each goes into, counted from the first above the base. */
  readonly added: readonly PlacedAddition[];
  readonly refusals: readonly Refusal[];
  /** What was taken from elsewhere, for provenance. */
  readonly materials: readonly Material[];
  /** Sentences for people: what was decided that they may want to know. */
  readonly notes: readonly string[];
  /**
   * Paths of the new image whose foreign machine code its own source has there for the target too, so that nobody needs to
   * know whether it's used. It excuses no code that is used.
   */
  readonly vouched?: readonly string[];
}

export type PlacedAddition = AddedPath & { readonly layer: number };

export const refusalKinds = [
  /** Machine code of the old machine that nothing answers for. */
  'no-counterpart',
  /** A package's file that isn't as the package has it. */
  'altered',
  /** A package that no source has for the target as it should be. */
  'package',
  /** The base's sibling is too different, or there's a doubt about it. */
  'base',
  /** A counterpart isn't what it claims: wrong machine, name or libraries. */
  'counterpart',
  /** The layers can't be put together so. */
  'assembly',
  /** The config names what isn't there, or an architecture. */
  'config',
  /** The audit of the result. */
  'audit',
  /** The image is of another kind, or of another machine than it says. */
  'image',
] as const;
export type RefusalKind = (typeof refusalKinds)[number];

/** Something that a port won't carry over. */
export interface Refusal {
  /** In the image's view, without a leading slash; absent where it's about the image as a whole. */
  readonly path?: string;
  readonly kind: RefusalKind;
  /** Nobody could tell: a source that can't be reached, a file that was not read. */
  readonly undetermined?: true;
  /** Where the file seems to be from: `debian: libfoo1 1.2-3`, `go: example.com/tool v1.2.3`. */
  readonly guess?: string;
  /** A sentence: what was found. */
  readonly why: string;
  /** A sentence: what would lift it. */
  readonly lift: string;
  /** May a person decide to carry the path all the same? */
  readonly waivable: boolean;
  /** It holds only where the audit of the new image finds the path's code used, or can't tell. */
  readonly onlyIfUsed?: true;
  /** Paths that this speaks for too: the audit doesn't tell them again, one by one. */
  readonly covers?: readonly string[];
}

/** Something that a port took from outside of the image. */
export interface Material {
  /** The origin's name. */
  readonly origin: string;
  /** Of a package, a file, an image. */
  readonly name: string;
  readonly version?: string;
  /** As its own ecosystem spells it. */
  readonly architecture?: string;
  /** Where it was taken from; without passwords. */
  readonly uri: string;
  /** Hexadecimal. */
  readonly sha256: string;
  /** Bytes. */
  readonly size?: number;
  /** Package URL (purl-spec), where it has one. */
  readonly purl?: string;
  /** Fingerprints of the keys that vouch for it. */
  readonly signers?: readonly string[];
  /** Sentences: `upgraded from 1.2-3`, `taken unsigned`. */
  readonly notes?: readonly string[];
}
