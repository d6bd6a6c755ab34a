import { ArmloadError } from '../../../../core/index.ts';

/**
 * Something of a distribution's packages that can't be read, reached or believed. `PACKAGES_MALFORMED`: damaged or not
 * what its format says, with the place. `PACKAGES_LIMIT`: a bound was reached, which is named. `PACKAGES_UNSUPPORTED`: a
 * form armload doesn't read. `PACKAGES_NOT_FOUND`: the repository says that the file isn't there. `PACKAGES_UNREACHABLE`,
 * `PACKAGES_TIMEOUT`: it gave no answer, or not in time. `PACKAGES_HASH`: other bytes than the index promised.
 * `PACKAGES_SIGNATURE`: no trusted key signed it. `PACKAGES_CACHE`: the cache folder can't be used.
 */
export class PackagesError extends ArmloadError<
  | 'PACKAGES_MALFORMED'
  | 'PACKAGES_LIMIT'
  | 'PACKAGES_UNSUPPORTED'
  | 'PACKAGES_NOT_FOUND'
  | 'PACKAGES_UNREACHABLE'
  | 'PACKAGES_TIMEOUT'
  | 'PACKAGES_HASH'
  | 'PACKAGES_SIGNATURE'
  | 'PACKAGES_CACHE'
> {}

/** Is it wrong for sure, so that another try would change nothing? What isn't leaves the question open. */
export function isWrong({ code }: PackagesError): boolean {
  return (
    code === 'PACKAGES_MALFORMED' ||
    code === 'PACKAGES_HASH' ||
    code === 'PACKAGES_SIGNATURE' ||
    code === 'PACKAGES_NOT_FOUND'
  );
}
