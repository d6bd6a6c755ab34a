import { ExecutorError } from '../errors.ts';

/** The parts of a path below the workspace. @throws ExecutorError `PATH_OUTSIDE` */
export function partsBelow(path: string): readonly string[] {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  if (path.startsWith('/') || parts.includes('..') || path.includes('\0')) throw outside(path);
  return parts;
}

export function outside(path: string): ExecutorError {
  return new ExecutorError('PATH_OUTSIDE', `the path ${JSON.stringify(path)} leads out of the workspace`);
}
