import type { PortOptions } from '../options.ts';
import type { Origin } from '../origin-types.ts';
import { baseOrigin } from './base/index.ts';
import { debianOrigin } from './debian/origin.ts';
import { releaseOrigin } from './release/index.ts';

/** The origins of a port, in the order they are asked: what a person says comes first, then the base, then packages. */
export function originsFor(options: PortOptions): readonly Origin[] {
  const { replacements = [], debian, cwd = process.cwd(), environment = process.env } = options;
  return [releaseOrigin(replacements, { cwd, environment }), baseOrigin(), debianOrigin(debian)];
}
