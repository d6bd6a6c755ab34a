/** What a run fails by, as its journal has it. */
export interface RunFailureFacts {
  readonly kind: string;
  readonly of?: string;
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
}

/** Ends a session. Never leaves the runner: whoever runs a plan finds the failure in its result. */
export class RunFailure extends Error {
  readonly failure: RunFailureFacts;

  constructor(failure: RunFailureFacts) {
    super(failure.message);
    this.failure = failure;
  }
}
