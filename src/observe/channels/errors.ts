import { ArmloadError } from '../../core/index.ts';

/** Nobody could tell what is at an address: the reason in one word is the code. */
export class ChannelError extends ArmloadError<
  'unauthorized' | 'rate-limited' | 'network' | 'timeout' | 'malformed' | 'refused'
> {}
