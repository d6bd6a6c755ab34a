import { ArmloadError } from '../../core/index.ts';

/** A means of running programs that was there and doesn't work after all. Its message says why. */
export class MeansError extends ArmloadError<'SMOKE_MEANS'> {
  constructor(message: string, cause?: unknown) {
    super('SMOKE_MEANS', message, { cause });
  }
}
