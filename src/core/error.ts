import { redact } from './redact.ts';

/** What an error carries besides its sentence. */
export interface ErrorDetails {
  /** What the person can do next, as a sentence. */
  readonly hint?: string | undefined;
  /** The error underneath, shown with `--verbose`. */
  readonly cause?: unknown;
  /** Facts for programs: hosts, statuses, paths. Never secrets. */
  readonly facts?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * The base of every error armload throws on purpose. `code` is stable and part of the product; the message is a
 * sentence that says what was tried, on what, and what came back. Secrets are redacted here, so that no
 * thrower has to remember to.
 */
export class ArmloadError<Code extends string = string> extends Error {
  readonly code: Code;
  readonly hint: string | undefined;
  readonly facts: Readonly<Record<string, unknown>>;

  constructor(code: Code, message: string, details: ErrorDetails = {}) {
    super(redact(message), details.cause === undefined ? undefined : { cause: details.cause });
    this.name = new.target.name;
    this.code = code;
    this.hint = details.hint === undefined ? undefined : redact(details.hint);
    this.facts = details.facts ?? {};
  }
}

/** Wrong usage or configuration: the command ends with exit code 3. */
export class UsageError extends ArmloadError<
  'USAGE' | 'CONFIG' | 'INPUT_NOT_FOUND' | 'OUTPUT_UNWRITABLE' | 'CACHE_UNWRITABLE'
> {}

/** The message of anything that was thrown, redacted. */
export function messageOf(thrown: unknown): string {
  return redact(thrown instanceof Error ? thrown.message : String(thrown));
}

/** True for the error an aborted AbortSignal gives, whatever layer threw it. */
export function isAbort(thrown: unknown): boolean {
  return thrown instanceof Error && thrown.name === 'AbortError';
}
