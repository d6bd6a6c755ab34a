import { ArmloadError } from '../../core/index.ts';

/** Something that could not be signed, though the settings are right: a service failed or refused. */
export class SigningError extends ArmloadError<
  /** The environment's provider gave no identity token. */
  | 'SIGNING_NO_IDENTITY'
  /** The certificate authority or the transparency log did not do its part. */
  | 'SIGNING_FAILED'
> {}
