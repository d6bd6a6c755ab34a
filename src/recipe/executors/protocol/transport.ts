import type { Readable, Writable } from 'node:stream';
import type { ExecutorError } from '../errors.ts';

/**
 * The one thing that kinds of places differ in: how a short script for a POSIX shell is run there. All else is made
 * of such scripts.
 */
export interface Transport {
  /**
   * Starts `sh -c SCRIPT sh WORDS…` in the place, in a session of its own that outlives the connection, with an
   * environment of PATH alone unless told. Script and words may be seen by others there; the input may not.
   */
  open(call: Call): OpenCall;
  /** What it means that a call ended before its script did. */
  explain(end: CallEnd): Interruption;
  /** Makes the connection anew where there is one and it's gone. @throws ExecutorError */
  connect(options: { readonly signal?: AbortSignal | undefined }): Promise<void>;
  close(): Promise<void>;
  /** The place's files are this process's files too, at the same paths. */
  readonly sharesFiles: boolean;
}

export interface Call {
  readonly script: string;
  readonly words?: readonly string[];
  /** With all variables that the place's user has. */
  readonly placeEnvironment?: boolean;
  /** A line that the script said by `say`, as it comes. */
  readonly onNote?: (note: string) => void;
}

export interface OpenCall {
  readonly stdin: Writable;
  /** Flows only when it's read. */
  readonly stdout: Readable;
  /** Never rejects. After the streams' end. */
  readonly ended: Promise<CallEnd>;
  /** Stops waiting for it; what it began in the place may go on. */
  drop(): void;
}

export interface CallEnd {
  readonly notes: readonly string[];
  /** Did the script come to its end? Otherwise something was in its way, or cut it off. */
  readonly done: boolean;
  /** Of the program that made the call: above 128 when a signal killed it, -1 when it could not be started. */
  readonly code: number;
  /** The last of what was written to standard error, the script's notes left out. */
  readonly stderr: string;
}

export interface Interruption {
  readonly error: ExecutorError;
  /** May it go better with a new connection? */
  readonly temporary: boolean;
}
