import type { LayerSource } from '../../layer/index.ts';
import type { Platform } from '../../oci/index.ts';
import type { SmokeMeans } from '../options.ts';
import type { EntryTrace, Subject } from '../types.ts';

/** An image that was read and traced, and where its layers are. */
export interface SmokeImage {
  readonly subject: Subject;
  readonly traces: readonly EntryTrace[];
  /** Lowest first; as many as the subject has. */
  readonly layers: readonly LayerSource[];
  /** For messages. */
  readonly reference?: string;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** What every means is given. */
export interface Site {
  readonly platform: Platform;
  /** The Go name of the machine this runs on. */
  readonly hostArchitecture: string;
  /** A folder of this run alone, removed with all that is in it when the run ends. */
  readonly work: string;
  /** Of the process, for finding and running the host's own programs. */
  readonly environment: Environment;
  readonly timeoutSeconds: number;
  readonly signal?: AbortSignal;
}

/** One start of a program of the image. */
export interface ProgramCall {
  /** The program's absolute path in the image, then its arguments. */
  readonly words: readonly string[];
  /** `NAME=value`: all that the program gets. */
  readonly environment: readonly string[];
  /** A directory of the image. */
  readonly workingDirectory: string;
}

/** How a start ended. */
export type Ending =
  | { readonly kind: 'exit'; readonly code: number }
  /** Its number, as Linux counts them on arm64 and amd64. */
  | { readonly kind: 'signal'; readonly signal: number }
  /** Still there when its time was over; it was ended with all its children. */
  | { readonly kind: 'timeout' }
  /** The kernel refused to start it, with this error number. */
  | { readonly kind: 'refused'; readonly errno: number }
  /** The means failed before the program's turn came. */
  | { readonly kind: 'no-start'; readonly why: string };

export interface Outcome {
  readonly ending: Ending;
  /** The beginning of what it wrote to standard error, where loaders and emulators complain. */
  readonly errors: string;
  /** The last of what it wrote to both, at most 4 KiB. */
  readonly output: string;
  readonly seconds: number;
}

/** Starts programs of one root folder. To be closed. */
export interface Runner {
  /** @throws the site's signal's reason; nothing else. */
  run(call: ProgramCall): Promise<Outcome>;
  close(): Promise<void>;
}

export type Check =
  | { readonly ok: true; readonly emulated: boolean }
  /** A part of a sentence: `docker is not installed`. */
  | { readonly ok: false; readonly why: string };

/** A way of running an image's programs. */
export interface Means {
  readonly name: SmokeMeans;
  /** Is there what it needs? Cheap, and no promise yet. */
  check(site: Site): Promise<Check>;
  /**
   * Makes the files below `root` ready to run.
   * @throws MeansError where it can't.
   */
  open(site: Site, root: string): Promise<Runner>;
}
