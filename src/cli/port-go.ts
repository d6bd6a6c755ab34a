import { resolve } from 'node:path';
import type { GoSettings } from '../port/index.ts';
import type { Config } from './config.ts';
import type { PortFlags } from './port-flags.ts';
import { readLinkFlags } from './port-paths.ts';
import { present, read } from './settings.ts';

/**
 * How Go programs are built anew. `undefined` where nothing is said.
 * @throws UsageError naming what is wrong with `--go-ldflags`.
 */
export function goSettings({ go, goLdflags }: PortFlags, config: Config): GoSettings | undefined {
  const { enabled, program, timeoutSeconds } = config.values.port?.go ?? {};
  const settings = present({
    enabled: go === false ? false : enabled,
    program: program?.includes('/') === true ? resolve(config.directory, program) : program,
    timeoutSeconds,
    linkFlags: read(goLdflags, readLinkFlags),
  });
  return Object.keys(settings).length === 0 ? undefined : settings;
}
