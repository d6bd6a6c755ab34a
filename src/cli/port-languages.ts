import { UsageError } from '../core/index.ts';
import type { DotnetSettings, JavaSettings, RubySettings } from '../port/index.ts';
import type { Config } from './config.ts';
import type { PortFlags } from './port-flags.ts';
import { memberOf, present, read } from './settings.ts';

/** Where parts of programs in Java, .NET and Ruby come from; what nothing is said of is absent. */
export interface LanguageSettings {
  readonly java?: JavaSettings;
  readonly dotnet?: DotnetSettings;
  readonly ruby?: RubySettings;
}

/**
 * Only newer versions of jars can be asked for on the command line, as those of packages are.
 * @throws UsageError naming the member that is wrong.
 */
export function languageSettings(flags: PortFlags, config: Config): LanguageSettings {
  const { java = {}, dotnet = {}, ruby = {} } = config.values.port ?? {};
  const addresses = (urls: readonly string[] | undefined, member: string) =>
    read(urls, (all) => checkAddresses(all, memberOf(config, `port.${member}`)));
  return present({
    java: filled({
      repositories: addresses(java.repositories, 'java.repositories'),
      allowUpgrade: flags.allowUpgrade ?? java.allowUpgrade,
    }),
    dotnet: filled({ sources: addresses(dotnet.sources, 'dotnet.sources') }),
    ruby: filled({ sources: addresses(ruby.sources, 'ruby.sources') }),
  });
}

/** `undefined` where nothing is in it. */
function filled<Parts extends object>(parts: Parts): ReturnType<typeof present<Parts>> | undefined {
  const there = present(parts);
  return Object.keys(there).length === 0 ? undefined : there;
}

function checkAddresses(urls: readonly string[], origin: string): readonly string[] {
  for (const url of urls)
    if (!/^https?:\/\/[^/?#]/i.test(url) || !URL.canParse(url))
      throw new UsageError('USAGE', `${origin} "${url}" is not an http or https address`);
  return urls;
}
