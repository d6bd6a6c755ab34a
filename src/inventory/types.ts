import type { Constraint, Problem, SourceKind, Use } from '../results/index.ts';

/** A use as an extractor finds it: a place and the text that stands there. */
export interface FoundUse {
  /** The reference as written, or the text with its variables where they can't be resolved. */
  readonly written: string;
  /** Set where the text can't be resolved to a reference; a sentence that says why. */
  readonly unresolved?: string;
  /** After interpolation, where that changed the text; what is to be looked up. */
  readonly resolved?: string;
  readonly use: Use;
  /** Keys (`namespace/name`) of the pull secrets its workload names, sorted; see `Inventory.pullSecrets`. */
  readonly pullSecrets?: readonly string[];
  /** Key of the service account that brings the pull secrets where the workload names none; gone once they are known. */
  readonly serviceAccount?: string;
}

/** A workload and what of its own text ties it to architectures (`blocks` is filled in later, for the target). */
export interface FoundWorkload {
  readonly name: string;
  readonly source: SourceKind;
  readonly file?: string;
  readonly line?: number;
  readonly constraints: readonly Omit<Constraint, 'blocks'>[];
}

export interface Inventory {
  readonly uses: readonly FoundUse[];
  /** Every workload that has at least one use or constraint; `use.workload` + `use.file` name them. */
  readonly workloads: readonly FoundWorkload[];
  readonly problems: readonly Problem[];
  /** The image pull secrets among the resources, by `namespace/name` (`/name` where no namespace is given). */
  readonly pullSecrets?: ReadonlyMap<string, PullSecret>;
  /** The pull secrets that service accounts bring to their pods, by `namespace/name` of the account. */
  readonly serviceAccounts?: ReadonlyMap<string, readonly string[]>;
}

/** A Kubernetes Secret with registry credentials, as it stands in its document. Never printed. */
export interface PullSecret {
  readonly name: string;
  readonly namespace?: string;
  /** Base64: `.dockerconfigjson` or `.dockercfg` only. */
  readonly data?: Readonly<Record<string, string>>;
  /** Plain; wins over `data`. */
  readonly stringData?: Readonly<Record<string, string>>;
}

/** A text to look at. `path` is shown to people and decides nothing but hints. */
export interface SourceText {
  readonly path: string;
  readonly text: string;
}

/** Reads further files for an extractor (Compose `.env`, `extends`); `undefined` where there is none. */
export type ReadSibling = (relativePath: string) => Promise<string | undefined>;

/** A source kind. Adding one is a folder with this and one line in the list in `extractors.ts`. */
export interface Extractor {
  readonly kind: SourceKind;
  /** By content first, by name second. Cheap: called for every file. */
  recognizes(source: SourceText): boolean;
  extract(source: SourceText, options: ExtractOptions): Promise<Inventory>;
}

export interface ExtractOptions {
  readonly readSibling: ReadSibling;
  /** For Compose interpolation; nothing else reads it. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Compose profiles that are on; `*` for all (the default of a scan). */
  readonly profiles: readonly string[];
  readonly signal?: AbortSignal;
}
