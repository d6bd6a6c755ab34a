import {
  doubtfulNames,
  fleetOutcomeOf,
  fleetTotalsOf,
  plainText,
  renderKustomizeImages,
} from '../report/index.ts';
import type { FleetResult } from '../results/index.ts';
import type { Parsed } from './base-command.ts';
import { loadConfig } from './config.ts';
import type { Io } from './io.ts';
import { openOutputFile } from './output-file.ts';
import type { PortFlags } from './port-flags.ts';
import { type FleetCommandSettings, fleetSettings } from './port-fleet-settings.ts';
import { type Progress, startProgress } from './progress.ts';
import { openResultOutput } from './result-output.ts';
import { readStdin } from './stdin.ts';
import { generation, version } from './version.ts';

/** `armload port --fleet`: ports all images of a fleet that lack the platform. */
export async function runFleet(parsed: Parsed<PortFlags>, io: Io): Promise<number> {
  const { flags } = parsed;
  const config = await loadConfig(flags.config, io.cwd);
  const settings = await fleetSettings(parsed, config, io);
  const output = await openResultOutput(flags, io);
  const mapping =
    flags.mapping === undefined ? undefined : await openOutputFile(flags.mapping, io.cwd, '--mapping');
  const progress = startProgress(flags, io, config);
  const result = await ported(settings, { progress, io });
  await output.write({
    text: settings.format.renderFleet(result, output.drawing),
    totals: fleetTotalsOf(result),
    warnings: mapping === undefined ? [] : warningsOf(result),
  });
  // After the result: what was published has to be told, whatever becomes of this file.
  await mapping?.write(renderKustomizeImages(result));
  return fleetOutcomeOf(result).code;
}

async function ported(
  { fleet }: FleetCommandSettings,
  { progress, io }: { readonly progress: Progress; readonly io: Io },
): Promise<FleetResult> {
  const { defaultFleetsFolder, portFleet } = await import('../fleet/index.ts');
  try {
    return await portFleet({
      ...fleet,
      // Nothing is to be kept from run to run.
      ...(fleet.noCache === true ? {} : { stateFolder: defaultFleetsFolder(io.environment) }),
      cwd: io.cwd,
      environment: io.environment,
      stdin: () => readStdin(io),
      generation,
      version,
      onEvent: progress.sink,
      signal: io.signal,
    });
  } finally {
    progress.stop();
  }
}

function warningsOf(result: FleetResult): readonly string[] {
  const doubtful = doubtfulNames(result).map(plainText);
  if (doubtful.length === 0) return [];
  return [
    `left out of the mapping, as Kustomize goes by the name alone and not all that it stands for were ported: ${doubtful.join(', ')}`,
  ];
}
