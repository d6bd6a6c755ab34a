import { ArmloadError } from '../../core/index.ts';

/**
 * An address that gave nothing usable. `FETCH_NOT_FOUND`: its host says that nothing is there. `FETCH_UNREACHABLE`,
 * `FETCH_TIMEOUT`: no answer, or not in time. The fact `status` is the answer's, where there was one.
 */
export class FetchError extends ArmloadError<'FETCH_NOT_FOUND' | 'FETCH_UNREACHABLE' | 'FETCH_TIMEOUT'> {}
