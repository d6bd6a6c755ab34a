import { ArmloadError } from '../../../core/index.ts';

/** `RUBY_GEM`: a gem that isn't what it claims. `RUBY_LIMIT`: too much of it. `RUBY_CACHE`: this machine can't keep it. */
export class RubyError extends ArmloadError<'RUBY_GEM' | 'RUBY_LIMIT' | 'RUBY_CACHE'> {}
