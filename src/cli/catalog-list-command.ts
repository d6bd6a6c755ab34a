import { catalogListTotalsOf } from '../report/index.ts';
import { productStates } from '../results/index.ts';
import { baseCommand, collect, parseArguments, type ResultFlags, withResultOptions } from './base-command.ts';
import { type CatalogFlags, catalogSettings, openCatalog, withCatalogOptions } from './catalog-settings.ts';
import { loadConfig } from './config.ts';
import type { Io } from './io.ts';
import { openResultOutput } from './result-output.ts';
import { resultSettings } from './settings.ts';
import { readChoice } from './values.ts';

interface ListFlags extends ResultFlags, CatalogFlags {
  readonly all?: boolean;
  readonly state?: readonly string[];
}

/** `armload catalog list`: every product with its state. */
export async function run(args: readonly string[], io: Io): Promise<number> {
  const command = baseCommand('catalog list', [
    'armload catalog list',
    'armload catalog list --state regressed --state unsupported',
    'armload catalog list --catalog ./our-catalog --format json',
  ]).description(
    'Lists the products of the catalog: the state that follows from what armload saw itself, links and workarounds; what people say; and how old the newest observation is.',
  );
  withResultOptions(command, { platform: false })
    .option('-a, --all', 'say of each why it is in its state')
    .option('--state <state>', 'only products in this state; may be repeated', collect);
  withCatalogOptions(command);
  const parsed = await parseArguments<ListFlags>(command, args, io);
  if (parsed === undefined) return 0;
  const { flags } = parsed;
  const config = await loadConfig(flags.config, io.cwd);
  const { format } = resultSettings(flags, config);
  const states = flags.state?.flatMap((text) =>
    text
      .split(',')
      .map((word) => readChoice(word.trim(), '--state', { noun: 'state', words: productStates })),
  );
  const output = await openResultOutput(flags, io);
  const { catalog, observations, problems, now } = await openCatalog(
    catalogSettings(flags, config, io.cwd),
    io,
  );
  const { listCatalog } = await import('../catalog/index.ts');
  const result = listCatalog(catalog, { observations, now, ...(states === undefined ? {} : { states }) });
  await output.write({
    text: format.renderCatalogList(result, output.drawing),
    totals: catalogListTotalsOf(result),
    warnings: problems,
  });
  return 0;
}
