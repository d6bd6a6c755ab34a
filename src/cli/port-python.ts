import { UsageError } from '../core/index.ts';
import type { PythonSettings } from '../port/index.ts';
import type { Config } from './config.ts';
import type { PortFlags } from './port-flags.ts';
import { memberOf, read } from './settings.ts';

/**
 * Where wheels come from: the indexes of the command line, else those of the configuration. `undefined` where nothing is said.
 * @throws UsageError naming the option or member that is wrong.
 */
export function pythonSettings(flags: PortFlags, config: Config): PythonSettings | undefined {
  const indexes =
    read(flags.pythonIndex, (urls) => checkIndexes(urls, '--python-index')) ??
    read(config.values.port?.python?.indexes, (urls) =>
      checkIndexes(urls, memberOf(config, 'port.python.indexes')),
    );
  return indexes === undefined ? undefined : { indexes };
}

function checkIndexes(urls: readonly string[], origin: string): readonly string[] {
  for (const url of urls)
    if (!/^https?:\/\/[^/?#]/i.test(url) || !URL.canParse(url))
      throw new UsageError('USAGE', `${origin} "${url}" is not an http or https address`);
  return urls;
}
