import type { PortOptions } from '../options.ts';
import type { Origin } from '../origin-types.ts';
import { baseOrigin } from './base/index.ts';

/** The origins of a port, in the order they are asked: what a person says comes first, then the base, then packages. */
export function originsFor(_options: PortOptions): readonly Origin[] {
  return [baseOrigin()];
}
