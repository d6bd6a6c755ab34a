import { ArmloadError } from '../../../core/index.ts';

/**
 * Something about a package of a registry. `NODE_NOT_FOUND`: the registry has no such package or version. `NODE_METADATA`:
 * what it says of it makes no sense. `NODE_INTEGRITY`: other bytes than its hash, or than a lock file says. `NODE_PACKAGE`:
 * the package isn't what it has to be. `NODE_LIMIT`: too much of it. `NODE_UNREACHABLE`: no answer, or none in time.
 * `NODE_CACHE`: this machine can't keep it.
 */
export class NodeError extends ArmloadError<
  | 'NODE_NOT_FOUND'
  | 'NODE_METADATA'
  | 'NODE_INTEGRITY'
  | 'NODE_PACKAGE'
  | 'NODE_LIMIT'
  | 'NODE_UNREACHABLE'
  | 'NODE_CACHE'
> {}
