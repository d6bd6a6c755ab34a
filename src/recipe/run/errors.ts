import { ArmloadError } from '../../core/index.ts';

/**
 * A run that can't begin, go on or be read. `DISK_FULL`: its folder takes no more; nothing is lost. `RUN_LOCKED`: another
 * process is at work on it. `JOURNAL_DAMAGED`: something else than a torn last line is wrong with its record. `RUN_CHANGED`:
 * the plan or recipe beside the journal isn't the one that the run began with. `SECRET_MISSING`: the environment lacks it.
 * `SOURCE_FAILED`: a source can't be had, or isn't what it should be. `OUTPUT_WRONG`: a step's claim doesn't hold.
 * `RUNS_UNWRITABLE`: no folder can be made for a new run. `PLACE_LACKS`: the place doesn't have what the recipe asks for.
 */
export class RunError extends ArmloadError<
  | 'DISK_FULL'
  | 'RUN_LOCKED'
  | 'RUN_NOT_FOUND'
  | 'LOG_MISSING'
  | 'RUN_CHANGED'
  | 'RUN_UNREADABLE'
  | 'RUNS_UNWRITABLE'
  | 'JOURNAL_DAMAGED'
  | 'SECRET_MISSING'
  | 'SOURCE_FAILED'
  | 'OUTPUT_WRONG'
  | 'PLACE_LACKS'
> {}

/** The system's code, such as `ENOENT`. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

const fullCodes: ReadonlySet<string | undefined> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

export function isFull(error: unknown): boolean {
  return fullCodes.has(systemCode(error));
}

/** For what was thrown while something was written there: DISK_FULL where that is why, else the same again. */
export function writingFailed(error: unknown, path: string): unknown {
  if (!isFull(error)) return error;
  return new RunError('DISK_FULL', `there is no space left to write ${path}`, {
    cause: error,
    hint: 'Make room there, for example with `armload build clean`, and resume the run: what was done stays done.',
    facts: { path },
  });
}
