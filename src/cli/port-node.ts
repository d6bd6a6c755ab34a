import { UsageError } from '../core/index.ts';
import type { NodeSettings } from '../port/index.ts';
import type { Config } from './config.ts';
import type { PortFlags } from './port-flags.ts';
import { memberOf, present, read } from './settings.ts';

/**
 * Where Node packages come from: the registry of the command line, else that of the configuration, and the registries of
 * scopes. `undefined` where nothing is said.
 * @throws UsageError naming the option or member that is wrong.
 */
export function nodeSettings(flags: PortFlags, config: Config): NodeSettings | undefined {
  const { registry, scopes } = config.values.port?.node ?? {};
  const inConfig = (member: string) => memberOf(config, `port.node.${member}`);
  const settings = present({
    registry:
      read(flags.nodeRegistry, (url) => checkAddress(url, '--node-registry')) ??
      read(registry, (url) => checkAddress(url, inConfig('registry'))),
    scopes: read(scopes, (all) => checkScopes(all, inConfig('scopes'))),
  });
  return Object.keys(settings).length === 0 ? undefined : settings;
}

function checkScopes(
  scopes: Readonly<Record<string, string>>,
  origin: string,
): Readonly<Record<string, string>> {
  for (const [scope, url] of Object.entries(scopes)) {
    if (!/^@[^/\s]+$/.test(scope))
      throw new UsageError('USAGE', `${origin}: "${scope}" is no scope, which is written like @acme`);
    checkAddress(url, origin);
  }
  return scopes;
}

function checkAddress(url: string, origin: string): string {
  if (/^https?:\/\/[^/?#]/i.test(url) && URL.canParse(url)) return url;
  throw new UsageError('USAGE', `${origin} "${url}" is not an http or https address`);
}
