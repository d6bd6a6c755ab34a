import { ArmloadError, type ErrorDetails } from '../core/index.ts';

/**
 * A tar stream that can't be read or written as asked. `offset` is the byte of the (uncompressed) stream where the
 * trouble is; when writing, the byte reached.
 */
export class TarError extends ArmloadError<
  'TAR_MALFORMED' | 'TAR_TRUNCATED' | 'TAR_LIMIT' | 'TAR_UNWRITABLE'
> {
  readonly offset: number;

  constructor(code: TarError['code'], offset: number, problem: string, details: ErrorDetails = {}) {
    super(code, `${problem} (tar offset ${offset})`, { ...details, facts: { ...details.facts, offset } });
    this.offset = offset;
  }
}
