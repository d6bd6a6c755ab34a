import { resolve } from 'node:path';
import type { GoSettings } from '../port/index.ts';
import type { Config } from './config.ts';
import type { Io } from './io.ts';
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

/**
 * The same with the release assets of the person's own table, if there are any.
 * @throws UsageError where the table can't be read or is none.
 */
export async function withReleaseAssets(
  settings: GoSettings | undefined,
  environment: Io['environment'],
): Promise<GoSettings | undefined> {
  if (settings?.enabled === false) return settings;
  const { defaultAssetTable, readAssetTable } = await import('../port/index.ts');
  const assets = await readAssetTable(defaultAssetTable(environment));
  return assets.length === 0 ? settings : { ...settings, assets };
}
