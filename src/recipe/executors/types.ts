import type { EventSink } from '../../core/index.ts';

/** What a place is. */
export interface HostFacts {
  /** `linux`. */
  readonly os: string;
  /** OCI's word: `arm64`, `amd64`. */
  readonly architecture: string;
  /** Architectures whose programs it runs by emulation. */
  readonly emulates: readonly string[];
  /** From os-release: `ubuntu`, `20.04`; empty where there is none. */
  readonly id: string;
  readonly version: string;
  readonly kernel: string;
  readonly cpus: number;
  /** Bytes. */
  readonly memory: number;
  /** Bytes free where the workspace is. */
  readonly disk: number;
  readonly user: string;
  /** Can it run a command without network? */
  readonly isolatesNetwork: boolean;
}

/** What somebody asks of a place. */
export interface PlaceRequest {
  /** Of the run. The same id finds the same workspace again. */
  readonly run: string;
  /** `linux/arm64`. */
  readonly platform: string;
  /**
   * Seconds after which the place may be taken back if nobody renews the lease; of no matter to places of one's own.
   */
  readonly leaseSeconds?: number;
}

export interface ExecutorOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: EventSink | undefined;
}

/**
 * Where steps run: this machine, a host over SSH, a container. Adding one is a folder and a line in `executors.ts`.
 */
export interface Executor {
  /** `local`, `ssh`, `docker`. */
  readonly name: string;
  /**
   * As a person names it: `ssh://builder@arm.example`. Its part of a run's record: the same text finds the same
   * place.
   */
  readonly address: string;
  /**
   * A place with a workspace of the run's own, made if it's not there, and locked against other runs.
   * @throws ExecutorError `PLACE_UNREACHABLE`, `PLACE_BUSY` (another run is at work there; who and since when),
   * `PLACE_UNUSABLE` (no shell, no write access).
   */
  acquire(request: PlaceRequest, options: ExecutorOptions): Promise<Place>;
}

/**
 * A place that is held. What it promises: a job that was begun is never begun twice; what a dropped connection
 * interrupts goes on in the place and is found again by its id.
 */
export interface Place {
  /** Absolute, in the place. */
  readonly workspace: string;
  /** A shell command for a person that ends in the workspace: `cd …`, `ssh -t HOST 'cd … && exec $SHELL'`. */
  readonly enter: string;
  probe(options: CallOptions): Promise<HostFacts>;
  /**
   * Begins the job, or finds the one with its id again (running or ended), and waits for its end. Its processes are
   * one session of their own; all of them are ended (TERM, then KILL) at the time limit, which the place itself
   * keeps, when `signal` aborts (then it rejects with the signal's reason, and whoever asks later finds the job
   * `killed` by SIGTERM), and what's left of them when the command itself is over. Daemons that make a session of
   * their own go on.
   * @throws ExecutorError `PLACE_LOST` when the place can't be reached any more (the job may go on), `PLACE_FULL`
   * where there is no space left for the job's own record, `JOB_REFUSED` for one that must not be begun, such as with
   * a secret in its command, `PLACE_BUSY` when the lock was taken over meanwhile.
   */
  exec(job: Job, options: ExecOptions): Promise<JobEnd>;
  /** Writes a file below the workspace, by a temporary name beside it; makes its folders. */
  put(path: string, content: AsyncIterable<Uint8Array>, options: PutOptions): Promise<void>;
  /** A file of the place, absolute or below the workspace. @throws ExecutorError `FILE_MISSING` */
  get(path: string, options: CallOptions): AsyncIterable<Uint8Array>;
  /**
   * Makes the connection anew, so that a group that the user was made a member of counts. Of no matter to places
   * without one.
   */
  renew?(options: CallOptions): Promise<void>;
  /** Gives the place back; `discard` takes the workspace away too. */
  release(options: CallOptions & { readonly discard: boolean }): Promise<void>;
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface PutOptions extends CallOptions {
  readonly executable?: boolean;
}

export interface ExecOptions extends CallOptions {
  /** What it prints, both streams as they come, secrets taken out already. */
  readonly onOutput?: (chunk: Uint8Array) => void;
  /** Bytes of its output that the caller has already, from a call before; what comes after them is handed on. */
  readonly from?: number;
}

/** One command to run. */
export interface Job {
  /** Of small letters, digits, dots and hyphens: unique in the run, and the same after a restart. */
  readonly id: string;
  readonly command:
    | { readonly kind: 'words'; readonly words: readonly string[] }
    /** For `sh -eu`. */
    | { readonly kind: 'script'; readonly text: string };
  /** Below the workspace, or empty. */
  readonly workdir: string;
  /** All that it gets, besides PATH, HOME, USER, SHELL, LANG and TMPDIR of the place and what `pass` names. */
  readonly environment: Readonly<Record<string, string>>;
  readonly pass: readonly string[];
  /**
   * Values that must not be in any log; they reach the place by stdin, and stand in no file and on no command line.
   */
  readonly secrets: readonly string[];
  readonly timeoutSeconds: number;
  readonly network: 'allowed' | 'none';
}

export interface JobEnd {
  readonly how: /** By itself. */
    | 'exited'
    /**
     * By a signal that wasn't ours; or it says so itself by 128 and the signal's number, as shells do of what they
     * ran.
     */
    | 'killed'
    | 'timed-out'
    /** It was begun, is no more, and left no word of its end: the place was restarted, or its record was lost. */
    | 'lost';
  /** With `exited`. */
  readonly code?: number;
  /** With `killed`: `SIGKILL`. */
  readonly signal?: string;
  /** Found again, not begun by this call. */
  readonly adopted: boolean;
  /** By the place's own clock, where it's known. */
  readonly seconds?: number;
}
