import { ArmloadError } from '../../../core/index.ts';

/**
 * Why a Go program has no counterpart. `GO_MISSING`: this machine has no Go. `GO_TOOLCHAIN`: not the version that built the
 * program. `GO_UNREACHABLE`: a proxy, a repository or a folder that can't be used now. `GO_TIME`: it took too long.
 * `GO_GONE`: the module, the version or the revision is nowhere. `GO_CHECKSUM`: other bytes than the program was built
 * from. `GO_BUILD`: it can't be built. `GO_SOURCE`: what is there is not all of the source. `GO_RESULT`: what was built is
 * another program.
 */
export class GoError extends ArmloadError<
  | 'GO_MISSING'
  | 'GO_TOOLCHAIN'
  | 'GO_UNREACHABLE'
  | 'GO_TIME'
  | 'GO_GONE'
  | 'GO_CHECKSUM'
  | 'GO_BUILD'
  | 'GO_SOURCE'
  | 'GO_RESULT'
> {}
