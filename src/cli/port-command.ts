import type { Command } from 'commander';
import { portOutcomeOf, portTotalsOf, renderAccount } from '../report/index.ts';
import type { PortResult } from '../results/index.ts';
import { withAccessOptions } from './access-settings.ts';
import { baseCommand, collect, parseArguments, withResultOptions } from './base-command.ts';
import { loadConfig } from './config.ts';
import { reportFailure } from './failure.ts';
import type { Io } from './io.ts';
import { openOutputFile } from './output-file.ts';
import type { PortFlags } from './port-flags.ts';
import { checkNoFleet } from './port-fleet-settings.ts';
import { type PortCommandSettings, portSettings } from './port-settings.ts';
import { type Progress, startProgress } from './progress.ts';
import { openResultOutput } from './result-output.ts';
import { withRunOptions } from './run-settings.ts';
import { withSignOptions } from './sign-settings.ts';
import { generation, version } from './version.ts';

const refusedCode = 1;

/** `armload port`: makes the missing platform's image out of the one that is there. */
export async function run(args: readonly string[], io: Io): Promise<number> {
  const parsed = await parseArguments<PortFlags>(portCommand(), args, io);
  if (parsed === undefined) return 0;
  const { flags } = parsed;
  if (flags.fleet === true) return await (await import('./port-fleet.ts')).runFleet(parsed, io);
  checkNoFleet(flags);
  const config = await loadConfig(flags.config, io.cwd);
  const settings = await portSettings(parsed, config, io);
  const output = await openResultOutput(flags, io);
  const account = await openAccount(settings.account, io.cwd);
  const progress = startProgress(flags, io, config);
  const ending = await runPort({ settings, progress, io });
  if ('moved' in ending) {
    await reportFailure(ending.moved, { io, verbose: flags.verbose ?? false });
    return refusedCode;
  }
  const { result } = ending;
  await output.write({
    text: settings.format.renderPort(result, output.drawing),
    totals: portTotalsOf(result),
    warnings: account?.warnings(result) ?? [],
  });
  // After the result: what was published has to be told, whatever becomes of this file.
  await account?.write(result);
  return portOutcomeOf(result).code;
}

function portCommand(): Command {
  const command = baseCommand('port', [
    'armload port docker.io/acme/app:1 --to registry.example/app:1',
    'armload port docker.io/acme/app:1 --dry-run --all',
    'armload port acme/app:1 --to registry.example/app:1 --base docker.io/library/debian:12-slim',
    'armload port acme/app:1 --to oci:./out:1 --replace /usr/bin/yq=./yq_linux_arm64',
    "armload port acme/app:1 --to registry.example/app:1 --waive '/opt/app/old.so=loaded on amd64 only'",
    'armload port --fleet deploy/ --to registry.example/arm64 --mapping images.yaml',
  ])
    .description(
      "Makes the missing platform's image out of the one that is there: takes the base's own image for the platform, keeps what is above it byte by byte, replaces machine code with its counterparts, and refuses what it would have to guess. What it made is audited, and published beside the source's own image.",
    )
    .argument(
      '[reference...]',
      'the image to port, of any transport; with --fleet, files, folders, references, or - for stdin',
    );
  withResultOptions(command).option('-a, --all', 'list every difference, replacement and note');
  withPublishOptions(command);
  withBaseOptions(command);
  withCounterpartOptions(command);
  withFleetOptions(command);
  withRunOptions(command, 'try the result out before it is published; a run that fails refuses the port');
  command
    .option(
      '--work-folder <dir>',
      "a folder for the work (default: a fresh one among the system's temporary)",
    )
    .option(
      '--account <file>',
      'write what became of every path to a file, all or nothing: JSON, or a record a line where its name ends in .jsonl',
    );
  return withAccessOptions(command);
}

function withBaseOptions(command: Command): void {
  command
    .option('--from <platform>', "which of the source's images to port (default: linux/amd64)")
    .option(
      '--base <reference>',
      'what the image was made from; may be repeated, first choice first (default: what the image and its provenance say)',
    )
    .option('--no-base', 'look for no base: take the whole image as it is')
    .option('--known-bases <file>', "a table of bases by their layers' chain-ids")
    .option(
      '--allow-base-differences',
      "take the base's own image for the platform even where it is not equal or newer of the same release",
    )
    // Both are one option to commander, which would forget one of them.
    .on('option:base', (value: string) => {
      const before = command.getOptionValue('bases') as readonly string[] | undefined;
      command.setOptionValue('bases', collect(value, before));
    })
    .on('option:no-base', () => {
      command.setOptionValue('noBase', true);
    });
}

function withCounterpartOptions(command: Command): void {
  command
    .option(
      '--replace <path=file>',
      'put a file of this machine, or ADDRESS#sha256:HEX, in the place of a path; may be repeated',
      collect,
    )
    .option(
      '--waive <path=reason>',
      'carry a path over that would be refused; the reason is recorded; may be repeated',
      collect,
    )
    .option(
      '--allow-upgrade',
      'take newer packages of the same release where the installed ones are gone, and newer jars where those have no code for the platform',
    )
    .option('--allow-unsigned', 'take packages that no trusted key vouches for, and say so')
    .option(
      '--mirror <archive=mirror>',
      'take the packages of an archive from a mirror of it; may be repeated',
      collect,
    )
    .option('--snapshot <template>', 'where archives are kept as they were, with {archive} and {time}')
    .option(
      '--keyring <file>',
      'keys that may vouch for packages, beside those of the image; may be repeated',
      collect,
    )
    .option(
      '--rpm-repo <address>',
      'a repository of RPM packages beside those of the image, or for a list of mirrors there; may be repeated',
      collect,
    )
    .option('--no-go', 'build no Go programs anew')
    .option(
      '--go-ldflags <path=flags>',
      'what a Go program was linked with, where it does not say so; it is checked; may be repeated',
      collect,
    )
    .option(
      '--node-registry <address>',
      "the registry that Node packages are taken from (default: npm's own)",
    )
    .option(
      '--python-index <address>',
      "an index that wheels are taken from (default: pip's own); may be repeated",
      collect,
    );
}

function withFleetOptions(command: Command): void {
  command
    .option(
      '--fleet',
      'port all images that are found there and lack the platform; --to is what all destinations begin with',
    )
    .option('--jobs <number>', 'of a fleet, ports at a time (default: 2)')
    .option('--mapping <file>', "of a fleet, write old and new references to a file, as Kustomize's images")
    .option('--include <state>', 'of a fleet, port these too: suspect; may be repeated', collect)
    .option(
      '--profile <name>',
      'of a fleet, a Compose profile that is on; may be repeated (default: all)',
      collect,
    );
}

function withPublishOptions(command: Command): void {
  command
    .option(
      '--to <destination>',
      'host/repository:tag, oci:DIR:TAG, or oci-archive:FILE[:TAG], which is replaced; of a fleet, host[/path]',
    )
    .option('--dry-run', 'plan, put together and audit, but publish nothing')
    .option('--only', "publish the port alone (default: beside the source's own images)")
    .option('--force', 'move the tag even if somebody moved it meanwhile')
    .option(
      '--replace-existing',
      'port even where the image has the platform, and put the port in its place (for one that lies)',
    )
    .option('--no-attach', 'attach no provenance, account and SBOM to the image');
  withSignOptions(command, 'the index, the port and what is attached');
}

interface AccountFile {
  /** Where there will be nothing to write. */
  warnings(result: PortResult): readonly string[];
  /** @throws UsageError `OUTPUT_UNWRITABLE` */
  write(result: PortResult): Promise<void>;
}

async function openAccount(name: string | undefined, cwd: string): Promise<AccountFile | undefined> {
  if (name === undefined) return undefined;
  const file = await openOutputFile(name, cwd, '--account');
  const lines = /\.(?:jsonl|ndjson)$/i.test(name);
  return {
    warnings: ({ account }) =>
      account.length > 0 ? [] : [`no account was written to ${name}: the layers were not put together`],
    write: async (result) => {
      if (result.account.length > 0) await file.write(renderAccount(result, { lines }));
    },
  };
}

interface Running {
  readonly settings: PortCommandSettings;
  readonly progress: Progress;
  readonly io: Io;
}

type Ending = { readonly result: PortResult } | { readonly moved: unknown };

async function runPort({ settings, progress, io }: Running): Promise<Ending> {
  const { port } = await import('../port/index.ts');
  const { PublishError } = await import('../publish/index.ts');
  try {
    const result = await port({
      ...settings.port,
      cwd: io.cwd,
      environment: io.environment,
      generation,
      version,
      onEvent: progress.sink,
      signal: io.signal,
    });
    // What an interrupted port calls unknown is no verdict.
    if (result.outcome === 'unknown') io.signal.throwIfAborted();
    return { result };
  } catch (error) {
    if (error instanceof PublishError && error.code === 'PUBLISH_TAG_MOVED') return { moved: error };
    throw error;
  } finally {
    progress.stop();
  }
}
