import { resolve } from 'node:path';
import { UsageError } from '../core/index.ts';
import type { FleetOptions } from '../fleet/index.ts';
import type { Config } from './config.ts';
import type { Io } from './io.ts';
import type { PortFlags } from './port-flags.ts';
import { commonPortSettings } from './port-settings.ts';
import { present, type ResultSettings, read, resultSettings } from './settings.ts';
import { readChoice, readCount } from './values.ts';

/** How a fleet is ported: the command line first, then the configuration, then the defaults. */
export interface FleetCommandSettings extends ResultSettings {
  /** The part that `portFleet` itself takes; the rest is the world around the command. */
  readonly fleet: Omit<
    FleetOptions,
    'cwd' | 'environment' | 'clock' | 'onEvent' | 'signal' | 'version' | 'stdin' | 'stateFolder'
  >;
}

const includeWords = ['suspect'] as const;

/** Options that are about one image, by their flag. */
const ofOneImage = [
  ['replace', '--replace'],
  ['waive', '--waive'],
  ['account', '--account'],
] as const satisfies readonly (readonly [keyof PortFlags, string])[];

/** Options that are about a fleet, by their flag. */
const ofFleets = [
  ['jobs', '--jobs'],
  ['mapping', '--mapping'],
  ['include', '--include'],
  ['profile', '--profile'],
] as const satisfies readonly (readonly [keyof PortFlags, string])[];

/** @throws UsageError `USAGE` where an option is given that only a fleet has a use for. */
export function checkNoFleet(flags: PortFlags): void {
  const [, option] = ofFleets.find(([flag]) => flags[flag] !== undefined) ?? [];
  if (option === undefined) return;
  throw new UsageError('USAGE', `${option} is for a fleet, and this is one image`, { hint: 'Add --fleet.' });
}

/** @throws UsageError naming the operand, option, file or member that is wrong. */
export async function fleetSettings(
  { flags, operands }: { readonly flags: PortFlags; readonly operands: readonly string[] },
  config: Config,
  io: Pick<Io, 'cwd' | 'environment'>,
): Promise<FleetCommandSettings> {
  checkFlags(flags, operands, io.cwd);
  const common = await commonPortSettings(flags, config, io);
  const { to, dryRun, profile } = flags;
  if (to === undefined && dryRun !== true)
    throw new UsageError('USAGE', 'armload port --fleet needs --to, what all destinations begin with', {
      hint: 'Write --to registry.example/arm64; with --dry-run nothing is published.',
    });
  if (to !== undefined && dryRun !== true && common.offline === true)
    throw new UsageError('USAGE', `${to} can't be written offline`, {
      hint: 'Leave --offline out, or add --dry-run.',
    });
  return {
    ...resultSettings(flags, config),
    fleet: {
      ...common,
      inputs: operands,
      ...present({
        to,
        profiles: profile ?? config.values.scan?.profiles,
        jobs: read(flags.jobs, (text) => readCount(text, '--jobs')),
        include: flags.include?.map((text) =>
          readChoice(text, '--include', { noun: 'state that can be ported', words: includeWords }),
        ),
      }),
    },
  };
}

function checkFlags(flags: PortFlags, operands: readonly string[], cwd: string): void {
  if (operands.length === 0)
    throw new UsageError('USAGE', 'armload port --fleet needs what to look for images in', {
      hint: 'Write it like: armload port --fleet deploy/ --to registry.example/arm64',
    });
  const [, option] = ofOneImage.find(([flag]) => flags[flag] !== undefined) ?? [];
  if (option !== undefined)
    throw new UsageError('USAGE', `${option} is about one image, and not for a fleet`, {
      hint: 'Port that image by itself: armload port REFERENCE --to DESTINATION.',
    });
  const { mapping, output } = flags;
  if (mapping !== undefined && output !== undefined && resolve(cwd, mapping) === resolve(cwd, output))
    throw new UsageError('USAGE', `--mapping and --output name the same file, "${mapping}"`);
}
