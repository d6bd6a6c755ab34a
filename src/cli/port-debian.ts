import { UsageError } from '../core/index.ts';
import type { DebianSettings } from '../port/index.ts';
import type { Config } from './config.ts';
import type { PortFlags } from './port-flags.ts';
import { checkAddress, packageSettings } from './port-packages.ts';
import { memberOf, present, read } from './settings.ts';

/**
 * Where Debian packages come from. `undefined` where nothing is said.
 * @throws UsageError naming the option, member or file that is wrong.
 */
export async function debianSettings(
  flags: PortFlags,
  config: Config,
  cwd: string,
): Promise<DebianSettings | undefined> {
  const configured = config.values.port?.debian ?? {};
  const settings = present({
    ...(await packageSettings('debian', { flags, config, cwd })),
    snapshot:
      read(flags.snapshot, (text) => readSnapshot(text, '--snapshot')) ??
      read(configured.snapshot, (text) => readSnapshot(text, memberOf(config, 'port.debian.snapshot'))),
  });
  return Object.keys(settings).length === 0 ? undefined : settings;
}

/** @throws UsageError also without `{archive}` or `{time}`: every archive's past would be looked for at one place. */
function readSnapshot(text: string, origin: string): string {
  checkAddress(text.replaceAll('{archive}', 'archive').replaceAll('{time}', 'time'), origin);
  const missing = ['{archive}', '{time}'].find((word) => !text.includes(word));
  if (missing === undefined) return text;
  throw new UsageError('USAGE', `${origin} "${text}" has no ${missing} in it`, {
    hint: 'Write it like https://snapshots.example/archive/{archive}/{time}.',
  });
}
