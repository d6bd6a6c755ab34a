import { resolve } from 'node:path';
import { UsageError } from '../core/index.ts';
import { defaultPlatform, formatPlatform, type Platform, parseReference } from '../oci/index.ts';
import type { PortOptions } from '../port/index.ts';
import { accessSettings } from './access-settings.ts';
import type { Config } from './config.ts';
import type { Io } from './io.ts';
import { debianSettings } from './port-debian.ts';
import { checkDestination } from './port-destination.ts';
import { checkWorkFolder, knownBases } from './port-files.ts';
import type { PortFlags } from './port-flags.ts';
import { goSettings, withReleaseAssets } from './port-go.ts';
import { languageSettings } from './port-languages.ts';
import { nodeSettings } from './port-node.ts';
import { apkSettings, rpmSettings } from './port-packages.ts';
import { readReplacements, readWaivers } from './port-paths.ts';
import { pythonSettings } from './port-python.ts';
import { runSettings } from './run-settings.ts';
import { memberOf, pick, present, type ResultSettings, read, resultSettings } from './settings.ts';
import { signSettings } from './sign-settings.ts';
import { readPlatform } from './values.ts';

/** What is ported and how: the command line first, then the configuration, then the defaults. */
export interface PortCommandSettings extends ResultSettings {
  /** The part that `port` itself takes; the rest is the world around the command. */
  readonly port: Omit<PortOptions, 'cwd' | 'environment' | 'clock' | 'onEvent' | 'signal' | 'version'>;
  /** Where the account goes by itself, as the person wrote it. */
  readonly account?: string;
}

const defaultSource: Platform = { os: 'linux', architecture: 'amd64' };

/** All but what is ported, and where it goes. */
export type CommonPortSettings = Omit<
  PortCommandSettings['port'],
  'reference' | 'to' | 'replacements' | 'waivers'
>;

/**
 * Reads all that a port is asked for, and the files that it names: what is wrong is told before anything is fetched.
 * @throws UsageError naming the operand, option, file or member that is wrong; InvalidReferenceError.
 */
export async function portSettings(
  { flags, operands }: { readonly flags: PortFlags; readonly operands: readonly string[] },
  config: Config,
  io: Pick<Io, 'cwd' | 'environment'>,
): Promise<PortCommandSettings> {
  const { cwd } = io;
  const reference = readOperand(operands);
  const result = resultSettings(flags, config);
  const common = await commonPortSettings(flags, config, io);
  const { to, dryRun, only } = flags;
  await checkDestination({ reference, to, dryRun, only, cwd, offline: common.offline });
  return {
    ...result,
    port: {
      ...common,
      reference,
      ...present({
        to,
        replacements: await read(flags.replace, (texts) => readReplacements(texts, cwd)),
        waivers: read(flags.waive, readWaivers),
      }),
    },
    ...present({ account: flags.account }),
  };
}

/**
 * Reads how images are ported, one or a whole fleet of them.
 * @throws UsageError naming the option, file or member that is wrong; InvalidReferenceError.
 */
export async function commonPortSettings(
  flags: PortFlags,
  config: Config,
  io: Pick<Io, 'cwd' | 'environment'>,
): Promise<CommonPortSettings> {
  const { cwd } = io;
  const { platform } = resultSettings(flags, config);
  const { port = {} } = config.values;
  const inConfig = (member: string) => memberOf(config, `port.${member}`);
  checkContradictions(flags, cwd);
  const from = pick(defaultSource, [
    read(flags.from, (text) => readPlatform(text, '--from')),
    read(port.from, (text) => readPlatform(text, inConfig('from'))),
  ]);
  checkPlatforms(from, platform);
  return {
    platform,
    from,
    attach: flags.attach,
    ...accessSettings(flags, config, { own: port, cwd }),
    ...present({
      ...(await baseSettings(flags, config, io)),
      debian: await debianSettings(flags, config, cwd),
      apk: await apkSettings(flags, config, cwd),
      rpm: await rpmSettings(flags, config, cwd),
      go: await withReleaseAssets(goSettings(flags, config), io.environment),
      node: nodeSettings(flags, config),
      python: pythonSettings(flags, config),
      ...languageSettings(flags, config),
      dryRun: flags.dryRun,
      only: flags.only,
      replaceExisting: flags.replaceExisting,
      force: flags.force,
      sign: await signSettings(flags, io),
      run: runSettings(flags, port.run, (member) => inConfig(`run.${member}`)),
      workFolder: await read(flags.workFolder, (folder) => checkWorkFolder(folder, cwd)),
    }),
  };
}

function readOperand(operands: readonly string[]): string {
  const [reference, ...more] = operands;
  if (reference !== undefined && more.length === 0) return reference;
  throw new UsageError('USAGE', 'armload port needs one reference, that of the image to port', {
    hint: 'Write it like: armload port docker.io/acme/app:1 --to registry.example/app:1',
  });
}

/** Pairs of options of which one makes no sense beside the other. */
function checkContradictions(flags: PortFlags, cwd: string): void {
  const signing = flags.signKey === undefined ? '--sign-keyless' : '--sign-key';
  const isSigning = flags.signKey !== undefined || flags.signKeyless === true;
  if (isSigning && !flags.attach)
    throw new UsageError('USAGE', `${signing} has nothing to sign with --no-attach`, {
      hint: 'What is signed is the provenance, the account and the SBOM, which are attached to the image.',
    });
  if (flags.bases !== undefined && flags.noBase === true)
    throw new UsageError('USAGE', '--base and --no-base contradict each other');
  const { account, output } = flags;
  if (account !== undefined && output !== undefined && resolve(cwd, account) === resolve(cwd, output))
    throw new UsageError('USAGE', `--account and --output name the same file, "${account}"`);
}

function checkPlatforms(from: Platform, target: Platform): void {
  const name = formatPlatform(target);
  if (formatPlatform(from) !== name) return;
  throw new UsageError('USAGE', `the image is to be ported from ${name} to ${name}, which is the same`, {
    hint: `--from is the platform that the image has (default: ${formatPlatform(defaultSource)}), --platform the one that it's to get (default: ${formatPlatform(defaultPlatform)}).`,
  });
}

async function baseSettings(
  flags: PortFlags,
  config: Config,
  { cwd, environment }: Pick<Io, 'cwd' | 'environment'>,
) {
  const { port = {} } = config.values;
  const known =
    read(flags.knownBases, (file) => ({ file, path: resolve(cwd, file), origin: '--known-bases' })) ??
    read(port.knownBases, (file) => ({
      file,
      path: resolve(config.directory, file),
      origin: memberOf(config, 'port.knownBases'),
    }));
  return present({
    bases: flags.noBase === true ? undefined : readBases(flags, config),
    noBase: flags.noBase,
    knownBases: await knownBases(known, environment),
    allowBaseDifferences: flags.allowBaseDifferences ?? port.allowBaseDifferences,
  });
}

function readBases({ bases }: PortFlags, config: Config): readonly string[] | undefined {
  const named = bases ?? config.values.port?.bases;
  if (named === undefined) return undefined;
  for (const reference of named) parseReference(reference);
  return named;
}
