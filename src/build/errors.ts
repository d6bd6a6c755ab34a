import { ArmloadError } from '../core/index.ts';

/** `IMAGE_REFUSED`: an audit speaks against what was to be published. */
export class BuildError extends ArmloadError<'IMAGE_REFUSED'> {}
