import { ArmloadError } from '../../../core/index.ts';

/**
 * Something that a person named and that can't be used. `RELEASE_HASH`: other bytes than they said. `RELEASE_LIMIT`: too
 * much of it. `RELEASE_ARCHIVE`: nothing can be taken out of it, with the reason. `RELEASE_UNREADABLE`: this machine can't
 * read or keep it.
 */
export class ReleaseError extends ArmloadError<
  'RELEASE_HASH' | 'RELEASE_LIMIT' | 'RELEASE_ARCHIVE' | 'RELEASE_UNREADABLE'
> {}
