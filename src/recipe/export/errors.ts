import { ArmloadError } from '../../core/index.ts';

/** `NOT_EXPORTABLE`: the plan holds something that a script can't do, or can't hold. */
export class ExportError extends ArmloadError<'NOT_EXPORTABLE'> {}
