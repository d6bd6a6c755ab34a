import { ArmloadError } from '../../../core/index.ts';

/**
 * Something of Debian's that can't be read, reached or believed. `DEBIAN_MALFORMED`: damaged or not what its format
 * says, with the place. `DEBIAN_LIMIT`: a bound was reached, which is named. `DEBIAN_UNSUPPORTED`: a form armload doesn't
 * read. `DEBIAN_NOT_FOUND`: the archive says that the file isn't there. `DEBIAN_UNREACHABLE`, `DEBIAN_TIMEOUT`: the
 * archive gave no answer, or not in time. `DEBIAN_HASH`: other bytes than the index promised. `DEBIAN_SIGNATURE`: no
 * trusted key signed it. `DEBIAN_EXPIRED`: the Release file is out of date. `DEBIAN_CACHE`: the cache folder can't be used,
 * or what it holds was damaged. `DEBIAN_WORKER`: the thread unpacking a package ended.
 */
export class DebianError extends ArmloadError<
  | 'DEBIAN_MALFORMED'
  | 'DEBIAN_LIMIT'
  | 'DEBIAN_UNSUPPORTED'
  | 'DEBIAN_NOT_FOUND'
  | 'DEBIAN_UNREACHABLE'
  | 'DEBIAN_TIMEOUT'
  | 'DEBIAN_HASH'
  | 'DEBIAN_SIGNATURE'
  | 'DEBIAN_EXPIRED'
  | 'DEBIAN_CACHE'
  | 'DEBIAN_WORKER'
> {}
