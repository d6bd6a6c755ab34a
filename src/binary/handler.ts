import type { FileContent, FileFacts, Problem } from './facts.ts';
import type { Budget } from './limits.ts';
import type { Problems } from './problems.ts';

/** Reads one kind of file while it streams by. The bytes given may be reused after `write`. */
export interface Handler {
  write(chunk: Buffer): void;
  /** Called once, after the last byte. */
  finish(): FileContent & Pick<FileFacts, 'embedded' | 'embeddedOmitted'>;
}

/** A file inside an archive, being looked at. */
export interface Child {
  write(chunk: Uint8Array): void;
  /** True as soon as nothing more of the file is wanted. */
  readonly done: boolean;
  /** Ends the child and takes its facts over into its parent's. */
  finish(): void;
}

/** What a handler works with. */
export interface Context {
  /** Name of the file, or of the entry. */
  readonly path: string;
  /** Bytes, where that is known before. */
  readonly size: number | undefined;
  readonly budget: Budget;
  readonly problems: Problems;
  /** Opens a file inside; `undefined` where a limit forbids (and says so). */
  open(name: string, size: number | undefined): Child | undefined;
  /** Takes down a problem of a file inside. */
  problemInside(name: string, problem: Pick<Problem, 'kind' | 'where' | 'message'>): void;
}
