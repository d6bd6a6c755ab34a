import { UsageError } from '../core/index.ts';
import { catalogPageTotalsOf, type PageFormat, pageFormats } from '../report/index.ts';
import { type BaseFlags, baseCommand, parseArguments } from './base-command.ts';
import { type CatalogFlags, catalogSettings, openCatalog, withCatalogOptions } from './catalog-settings.ts';
import { loadConfig } from './config.ts';
import type { Io } from './io.ts';
import { openResultOutput } from './result-output.ts';
import { read } from './settings.ts';
import { readChoice } from './values.ts';

interface TableFlags extends BaseFlags, CatalogFlags {
  readonly format?: string;
  readonly output?: string;
  readonly config?: string;
  readonly date?: string;
  readonly supported?: boolean;
}

/** `armload catalog table`: the page that the catalog began as. */
export async function run(args: readonly string[], io: Io): Promise<number> {
  const names = pageFormats.map(({ name, description }) => `${name}: ${description}`).join('; ');
  const command = baseCommand('catalog table', [
    'armload catalog table > workarounds.md',
    'armload catalog table --date 2021-08-09',
    'armload catalog table --supported --format html --output supported.html',
  ])
    .description(
      'Prints the table of products that need help on arm64: name, upstream reference, state and workarounds, images of others. With a day, as the page was on it, or, after its last, what was known then.',
    )
    .option('-f, --format <format>', `${names} (default: ${pageFormats[0]?.name})`)
    .option('-o, --output <file>', 'write the result to a file, all or nothing')
    .option('-c, --config <file>', 'the configuration (default: armload.yaml here, if there is one)')
    .option('--date <date>', 'the day, YYYY-MM-DD (default: today)')
    .option('--supported', 'the table of products that are said to work, instead');
  withCatalogOptions(command);
  const parsed = await parseArguments<TableFlags>(command, args, io);
  if (parsed === undefined) return 0;
  const { flags } = parsed;
  const format = readPageFormat(flags.format);
  const date = read(flags.date, readDate);
  const config = await loadConfig(flags.config, io.cwd);
  const output = await openResultOutput(flags, io);
  const { catalog, observations, problems, now } = await openCatalog(
    catalogSettings(flags, config, io.cwd),
    io,
  );
  const { catalogPage } = await import('../catalog/index.ts');
  const page = catalogPage(catalog, {
    observations,
    now,
    ...(date === undefined ? {} : { date }),
    ...(flags.supported === true ? { table: 'supported' as const } : {}),
  });
  const said = format.name === 'markdown' ? page.notes : [];
  await output.write({
    text: format.render(page),
    totals: catalogPageTotalsOf(page),
    // The table alone stands in Markdown, so that it can be put into a page.
    warnings: [...said, ...problems],
  });
  return 0;
}

function readPageFormat(text: string | undefined): PageFormat {
  const words = pageFormats.map(({ name }) => name);
  const name = read(text, (given) => readChoice(given, '--format', { noun: 'format', words }));
  return pageFormats.find((one) => one.name === name) ?? (pageFormats[0] as PageFormat);
}

/** @throws UsageError `USAGE` */
function readDate(text: string): string {
  const time = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  // The 31st of June would be the 1st of July.
  if (!Number.isNaN(time) && new Date(time).toISOString().startsWith(text)) return text;
  throw new UsageError('USAGE', `--date "${text}" is not a day`, { hint: 'Write it like 2021-08-09.' });
}
