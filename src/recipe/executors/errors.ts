import { ArmloadError } from '../../core/index.ts';

export type ExecutorErrorCode =
  | 'PLACE_UNREACHABLE'
  /** Another run is at work there. */
  | 'PLACE_BUSY'
  /** It's there, and can't do what's asked of it. */
  | 'PLACE_UNUSABLE'
  /** It was there, and can't be reached any more. What runs there may go on. */
  | 'PLACE_LOST'
  /** No space for the records of jobs, or for a file that is put there. */
  | 'PLACE_FULL'
  | 'FILE_MISSING'
  /** A path that leads out of the workspace. */
  | 'PATH_OUTSIDE'
  /** A job that must not be begun as it is. */
  | 'JOB_REFUSED';

/** What went wrong with a place, not with a command that ran there. */
export class ExecutorError extends ArmloadError<ExecutorErrorCode> {}
