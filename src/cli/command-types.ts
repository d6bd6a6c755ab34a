import type { Io } from './io.ts';

/** A command as it is loaded when somebody calls it. */
export interface CommandModule {
  /** Resolves to the exit code; throws UsageError and what the rooms throw. */
  run(args: readonly string[], io: Io): Promise<number>;
}

/** A command in the list: all that the overview needs, without loading its code. */
export interface CommandEntry {
  readonly name: string;
  readonly operands: string;
  readonly summary: string;
  load(): Promise<CommandModule>;
}
