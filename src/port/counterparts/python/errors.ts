import { ArmloadError } from '../../../core/index.ts';

/**
 * Something of Python's that can't be used. `PYTHON_INDEX`: an index that doesn't answer as one. `PYTHON_WHEEL`: a wheel
 * that isn't what it claims. `PYTHON_HASH`: other bytes than the index says. `PYTHON_LIMIT`: too much of something.
 * `PYTHON_CACHE`: this machine can't keep it.
 */
export class PythonError extends ArmloadError<
  'PYTHON_INDEX' | 'PYTHON_WHEEL' | 'PYTHON_HASH' | 'PYTHON_LIMIT' | 'PYTHON_CACHE'
> {}
