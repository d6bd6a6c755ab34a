import type { Command } from 'commander';
import type { Platform } from '../oci/index.ts';
import { failOnWords, outcomeOf, plainText, totalsOf } from '../report/index.ts';
import type { ScanResult } from '../results/index.ts';
import { baseCommand, parseArguments, withResultOptions } from './base-command.ts';
import { loadConfig } from './config.ts';
import { type Io, writeText } from './io.ts';
import { openOutputFile } from './output-file.ts';
import { createProgress, type Progress } from './progress.ts';
import { type ScanFlags, type ScanSettings, scanSettings } from './scan-settings.ts';
import { readStdin } from './stdin.ts';
import { isInteractive, wantsColor } from './terminal.ts';

/** `armload scan`: what of this fleet runs on the target platform. */
export async function run(args: readonly string[], io: Io): Promise<number> {
  const parsed = await parseArguments<ScanFlags>(scanCommand(), args, io);
  if (parsed === undefined) return 0;
  const { flags, operands } = parsed;
  const config = await loadConfig(flags.config, io.cwd);
  const settings = scanSettings(flags, config, io.cwd);
  const output = flags.output === undefined ? undefined : await openOutputFile(flags.output, io.cwd);
  const progress = startProgress(flags, io);
  if (config.file !== undefined)
    progress.sink({ type: 'debug', message: `read the configuration ${config.file}` });
  const inputs = operands.length === 0 ? ['.'] : operands;
  const result = await runScan(inputs, { settings, progress, io });
  const text = render(result, { flags, settings, io });
  if (output === undefined) await writeText(io.stdout, text);
  else await output.write(text);
  if (!flags.quiet) await writeText(io.stderr, afterword(result, { flags, settings }));
  return outcomeOf(result, settings.failOn).code;
}

function scanCommand(): Command {
  const command = baseCommand('scan', [
    'armload scan deploy/ compose.yaml',
    'armload scan nginx:1.27 ghcr.io/acme/app@sha256:…',
    'helm template ./chart | armload scan -',
    'armload scan --format json --output report.json --fail-on missing,pinned,unknown',
  ])
    .description('Tells which images of a fleet run on the target platform, and what to do about the others.')
    .argument('[inputs...]', 'files, folders, image references, or - for stdin (default: this folder)');
  return withResultOptions(command)
    .option('-a, --all', 'list what is ready too')
    .option('--fail-on <states>', `what gives exit code 1: ${failOnWords.join(', ')}, or none`, collect)
    .option('--profile <name>', 'a Compose profile that is on; may be repeated (default: all)', collect)
    .option('--compare-layers', 'compare with the amd64 layers: finds images that only claim to be ready')
    .option('--offline', 'ask no registry: cached answers only')
    .option('--cache-dir <dir>', 'where answers are kept')
    .option('--no-cache', 'keep no answers on disk')
    .option('--auth-file <file>', 'a Docker or Podman file with credentials')
    .option('--max-requests <number>', 'stop asking registries after so many requests')
    .option('--concurrency <number>', 'requests at a time for each registry (default: 8)')
    .option(
      '--timeout <seconds>',
      'how long one request may take, waits that the registry asks for included',
    );
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

function startProgress({ quiet = false, verbose = false }: ScanFlags, io: Io): Progress {
  return createProgress({
    stderr: io.stderr,
    interactive: isInteractive(io.stderr, io.environment),
    quiet,
    verbose,
  });
}

interface Running {
  readonly settings: ScanSettings & { readonly platform: Platform };
  readonly progress: Progress;
  readonly io: Io;
}

async function runScan(inputs: readonly string[], { settings, progress, io }: Running): Promise<ScanResult> {
  const { scan } = await import('../scan/index.ts');
  try {
    const result = await scan({
      ...settings.lookup,
      platform: settings.platform,
      inputs,
      cwd: io.cwd,
      environment: io.environment,
      stdin: () => readStdin(io),
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

interface Ending {
  readonly flags: ScanFlags;
  readonly settings: ScanSettings;
}

function render(result: ScanResult, { flags, settings, io }: Ending & { readonly io: Io }): string {
  const toTerminal = flags.output === undefined;
  return settings.format.render(result, {
    color: toTerminal && wantsColor(io.stdout, io.environment),
    ...(toTerminal && io.stdout.columns ? { columns: io.stdout.columns } : {}),
    all: flags.all ?? false,
    detail: flags.verbose ?? false,
    failOn: settings.failOn,
  });
}

/** What the person should know that isn't on stdout. */
function afterword(result: ScanResult, { flags, settings }: Ending): string {
  const lines = [
    ...(flags.output === undefined
      ? []
      : [`wrote ${plainText(flags.output)}: ${totalsOf(result, settings.failOn)}`]),
    ...(result.images.length === 0
      ? ['warning: no image reference was found there, so nothing was proved']
      : []),
  ];
  return lines.map((line) => `armload: ${line}\n`).join('');
}
