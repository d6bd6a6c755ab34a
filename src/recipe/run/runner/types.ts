import type { Clock, EventSink } from '../../../core/index.ts';
import type { Executor } from '../../executors/types.ts';
import type { Plan } from '../../plan/types.ts';
import type { OpenJournalFile } from '../journal/journal.ts';
import type { AuditAnswer } from '../journal/records.ts';

/** Says of a saved image, a `docker save` archive, whether it's right for the platform. */
export type AuditImage = (
  archive: string,
  platform: string,
  options: { readonly signal?: AbortSignal | undefined },
) => Promise<AuditAnswer>;

/** A final image, saved and audited. */
export interface FinishedImage {
  readonly step: string;
  readonly output: string;
  /** As the place's engine had it. */
  readonly reference: string;
  readonly id: string;
  readonly platform: string;
  /** A `docker save` archive on this machine: absolute path, hexadecimal SHA-256, bytes. */
  readonly archive: string;
  readonly sha256: string;
  readonly size: number;
  readonly audit?: AuditAnswer;
  /** Where the recipe would have it published: below a prefix. */
  readonly publish: readonly { readonly name: string; readonly tag?: string }[];
}

/** What a finished image is published as. */
export interface Publication {
  readonly image: FinishedImage;
  /** Below the prefix that the person names. */
  readonly name: string;
  readonly tag?: string;
}

/**
 * Publishes one image, and says as what. It may be called again for one whose end nobody could record: it has to come to
 * the same.
 */
export type PublishImage = (
  publication: Publication,
  options: { readonly signal?: AbortSignal | undefined },
) => Promise<{ readonly reference: string; readonly digest: string }>;

/** Brings what's at the address to the file, going on behind what the file has already. Nothing is checked here. */
export type DownloadArchive = (
  url: string,
  options: { readonly file: string; readonly maxBytes: number; readonly signal?: AbortSignal | undefined },
) => Promise<void>;

export interface RunOptions {
  readonly executor: Executor;
  /** The folder of all runs. */
  readonly runs: string;
  /** Where secrets come from, and what the executor is given. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock?: Clock;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: EventSink | undefined;
  /** Steps at a time, where they don't need each other; 1 unless told. */
  readonly jobs?: number;
  /** May what the recipe says about missing tools be done in the place? */
  readonly provision?: boolean;
  /** Is the workspace kept when all is done? It is where something failed. */
  readonly keepWorkspace?: boolean;
  readonly auditImage?: AuditImage;
  readonly publish?: PublishImage;
  readonly download?: DownloadArchive;
  readonly openJournal?: OpenJournalFile;
}

export interface NewRunOptions extends RunOptions {
  readonly plan: Plan;
  /** The recipe as it was read: kept with the run. */
  readonly recipeText: string;
  /** `linux/arm64` unless told. */
  readonly platform?: string;
}

export interface ResumeOptions extends RunOptions {
  /** The run's id. */
  readonly run: string;
}
