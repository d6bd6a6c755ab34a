import type { Command } from 'commander';
import { messageOf } from '../core/index.ts';
import { failOnWords, outcomeOf, totalsOf } from '../report/index.ts';
import type { ScanResult } from '../results/index.ts';
import type { ScanOptions } from '../scan/index.ts';
import { withAccessOptions } from './access-settings.ts';
import { baseCommand, collect, parseArguments, withResultOptions } from './base-command.ts';
import { loadConfig } from './config.ts';
import type { Io } from './io.ts';
import { type Progress, startProgress } from './progress.ts';
import { openResultOutput } from './result-output.ts';
import { type ScanFlags, type ScanSettings, scanSettings, separateDeep } from './scan-settings.ts';
import { readStdin } from './stdin.ts';
import { generation } from './version.ts';

/** `armload scan`: what of this fleet runs on the target platform. */
export async function run(args: readonly string[], io: Io): Promise<number> {
  const parsed = await parseArguments<ScanFlags>(scanCommand(), separateDeep(args), io);
  if (parsed === undefined) return 0;
  const { flags, operands } = parsed;
  const config = await loadConfig(flags.config, io.cwd);
  const settings = scanSettings(flags, config, io.cwd);
  const output = await openResultOutput(flags, io);
  const progress = startProgress(flags, io, config);
  const inputs = operands.length === 0 ? ['.'] : operands;
  const result = await runScan(inputs, { settings, progress, io });
  const { failOn, format } = settings;
  await output.write({
    text: format.render(result, { ...output.drawing, failOn }),
    totals: totalsOf(result, failOn),
    warnings: result.images.length === 0 ? ['no image reference was found there, so nothing was proved'] : [],
  });
  return outcomeOf(result, failOn).code;
}

function scanCommand(): Command {
  const command = baseCommand('scan', [
    'armload scan deploy/ compose.yaml',
    'armload scan nginx:1.27 ghcr.io/acme/app@sha256:…',
    'helm template ./chart | armload scan -',
    'armload scan --deep --deep-bytes 5GB deploy/',
    'armload scan --format json --output report.json --fail-on missing,pinned,unknown',
  ])
    .description('Tells which images of a fleet run on the target platform, and what to do about the others.')
    .argument('[inputs...]', 'files, folders, image references, or - for stdin (default: this folder)');
  withResultOptions(command)
    .option('-a, --all', 'list what is ready too')
    .option('--fail-on <states>', `what gives exit code 1: ${failOnWords.join(', ')}, or none`, collect)
    .option('--profile <name>', 'a Compose profile that is on; may be repeated (default: all)', collect)
    .option('--compare-layers', 'compare with the amd64 layers: finds images that only claim to be ready')
    .option(
      '--deep [which]',
      'audit the bytes too: of what is suspect (if nothing follows), or of all that claim the platform',
    )
    .option('--deep-bytes <size>', 'how much of layers --deep may read in all, such as 500MB (default: 2GB)')
    .option(
      '--catalog <dir>',
      "a catalog of your own beside the package's, which is asked for remedies; may be repeated",
      // Before it, `--no-catalog` may have set this to false.
      (folder: string, before: unknown) => [...(Array.isArray(before) ? (before as string[]) : []), folder],
    )
    .option('--no-catalog', 'ask no catalog for remedies')
    .option(
      '--observations <dir>',
      'where the catalog keeps what armload has seen (default: your state folder)',
    );
  return withAccessOptions(command);
}

interface Running {
  readonly settings: ScanSettings;
  readonly progress: Progress;
  readonly io: Io;
}

async function runScan(inputs: readonly string[], { settings, progress, io }: Running): Promise<ScanResult> {
  const { scan } = await import('../scan/index.ts');
  const catalog = await catalogFor({ settings, progress, io });
  try {
    const result = await scan({
      ...settings.lookup,
      ...(catalog === undefined ? {} : { catalog }),
      platform: settings.platform,
      inputs,
      cwd: io.cwd,
      environment: io.environment,
      stdin: () => readStdin(io),
      generation,
      onEvent: progress.sink,
      signal: io.signal,
    });
    // What an interrupted scan calls unknown is no verdict.
    io.signal.throwIfAborted();
    return result;
  } finally {
    progress.stop();
  }
}

/**
 * A catalog that the person names is read at once, so that a mistake shows before the work. The package's own is read where
 * it's needed, and a scan is worth having without it.
 */
async function catalogFor({ settings, progress, io }: Running): Promise<ScanOptions['catalog']> {
  const { catalog } = settings;
  if (catalog === undefined) return undefined;
  const { openScanCatalog } = await import('./scan-catalog.ts');
  if (catalog.folders.length > 0) {
    const source = await openScanCatalog(catalog, io);
    return () => Promise.resolve(source);
  }
  return async () => {
    try {
      return await openScanCatalog(catalog, io);
    } catch (error) {
      io.signal.throwIfAborted();
      progress.sink({
        type: 'warning',
        message: `the catalog was not asked for remedies: ${messageOf(error)}`,
      });
      return { remediesFor: () => Promise.resolve([]) };
    }
  };
}
