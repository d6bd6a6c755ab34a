import type { MergedView, ViewEntry } from '../layer/index.ts';
import type { Descriptor, Digest, ImageConfig, Platform, RunSettings } from '../oci/index.ts';
import type { Finding } from '../results/index.ts';

/** A layer of the image that is audited, as its findings name it. */
export interface LayerOrigin {
  readonly descriptor: Descriptor;
  readonly diffId: Digest;
  /** The line of the config's history that made it, where the history counts as many layers as there are. */
  readonly createdBy?: string;
}

/** What Kubernetes puts in the place of the image's entrypoint and command (Container.command, Container.args). */
export interface StartOverride {
  readonly command?: readonly string[];
  readonly args?: readonly string[];
}

/** One platform's image, read: all that the analyses ask. */
export interface Subject {
  /** The platform that its machine code has to be of. */
  readonly platform: Platform;
  readonly config: ImageConfig;
  readonly run: RunSettings;
  readonly override: StartOverride;
  readonly view: MergedView;
  /** Lowest first; as many as the view has. */
  readonly layers: readonly LayerOrigin[];
}

/** What a finding says besides where it is. */
export type FindingText = Omit<Finding, 'path' | 'layer'>;

/** One step from what a container starts to machine code. */
export interface ChainStep {
  /** How it came into the chain. `handed-on`: started by a wrapper such as tini, or by `env`. */
  readonly by: 'start' | 'interpreter' | 'handed-on';
  /** As written: `nginx`, `/bin/sh`. */
  readonly word: string;
  /** Where it was found, links followed; absent where it wasn't. */
  readonly file?: ViewEntry;
}

/** A container may run all the same: a volume may bring the file, or a shell goes on without it. */
export type Tolerated = true;

/** How a chain ends. `machine-code`: in a file of machine code, of whatever machine. */
export type ChainEnd =
  | { readonly kind: 'machine-code' }
  /** Nothing there: no such file, or nowhere on the PATH. */
  | { readonly kind: 'not-found'; readonly why: string; readonly tolerated?: Tolerated }
  /** A file that the kernel doesn't start: a directory, not executable, neither program nor script. */
  | { readonly kind: 'not-a-program'; readonly why: string; readonly tolerated?: Tolerated }
  /** Can't be told: a text for a shell that is more than a plain command, a file whose facts are not there. */
  | { readonly kind: 'unknown'; readonly why: string };

/** One thing a container starts, followed to its end. */
export interface EntryTrace {
  readonly role: 'entrypoint' | 'command' | 'healthcheck';
  /** As written in the config, or by the override. */
  readonly words: readonly string[];
  /** False where a miss proves nothing: arguments that an entrypoint may or may not start. */
  readonly certain: boolean;
  readonly steps: readonly ChainStep[];
  readonly end: ChainEnd;
}

/** How one needed library was resolved. */
export interface ResolvedLibrary {
  readonly name: string;
  /** The file that needs it. */
  readonly neededBy: ViewEntry;
  /** What the loader takes; absent where it finds nothing. */
  readonly file?: ViewEntry;
  /** `rpath /opt/lib`, `LD_LIBRARY_PATH`, `ld.so.cache`, `built-in /usr/lib`, … */
  readonly via?: string;
}

/** A program with everything its loader takes. */
export interface Closure {
  readonly program: ViewEntry;
  /** The program loader named by PT_INTERP; absent for static programs. */
  readonly interpreter?: { readonly path: string; readonly file?: ViewEntry };
  readonly family: 'static' | 'glibc' | 'musl' | 'other';
  readonly libraries: readonly ResolvedLibrary[];
  readonly problems: readonly ClosureProblem[];
}

export interface ClosureProblem {
  readonly kind:
    | 'missing-loader'
    | 'foreign-loader'
    | 'missing-library'
    | 'foreign-library'
    | 'missing-version'
    | 'mixed-libc'
    /** Something the answer depends on could not be read. */
    | 'unknown';
  /** The file that has the problem. */
  readonly file: ViewEntry;
  readonly found: string;
  readonly expected: string;
  readonly why: string;
}

/** Machine code that the platform can't run, judged. */
export interface ForeignCode {
  readonly entry: ViewEntry;
  /** Inside an archive; empty for the file itself. */
  readonly innerPath: string;
  readonly os: string;
  readonly architecture: string;
  readonly verdict: 'reachable' | 'shadowed' | 'inert' | 'unknown';
  /** `entrypoint`, `command`, `healthcheck`, `interpreter`, `loader`, `library`, `path-program`, `python-module`, … */
  readonly role: string;
  /** A sentence that says what makes the verdict. */
  readonly because: string;
}
