import type { Command } from 'commander';
import type { Catalog } from '../catalog/index.ts';
import { catalogCheckOutcomeOf, catalogCheckTotalsOf } from '../report/index.ts';
import type { CatalogCheckResult, Observation } from '../results/index.ts';
import { withAccessOptions } from './access-settings.ts';
import { baseCommand, collect, parseArguments, withResultOptions } from './base-command.ts';
import {
  type CatalogCheckFlags,
  type CatalogCheckSettings,
  catalogCheckSettings,
} from './catalog-check-settings.ts';
import { openCatalog, withCatalogOptions } from './catalog-settings.ts';
import { loadConfig } from './config.ts';
import type { Io } from './io.ts';
import { type Progress, startProgress } from './progress.ts';
import { openResultOutput } from './result-output.ts';
import { generation } from './version.ts';

/** `armload catalog check`: looks at the images of products, and keeps what it saw. */
export async function run(args: readonly string[], io: Io): Promise<number> {
  const parsed = await parseArguments<CatalogCheckFlags>(checkCommand(), args, io);
  if (parsed === undefined) return 0;
  const { flags, operands } = parsed;
  const config = await loadConfig(flags.config, io.cwd);
  const settings = catalogCheckSettings(flags, config, io.cwd);
  const output = await openResultOutput(flags, io);
  const progress = startProgress(flags, io, config);
  const { result, warnings } = await runCheck(operands, { settings, progress, io });
  await output.write({
    text: settings.format.renderCatalogCheck(result, output.drawing),
    totals: catalogCheckTotalsOf(result),
    warnings,
  });
  return catalogCheckOutcomeOf(result).code;
}

function checkCommand(): Command {
  const command = baseCommand('catalog check', [
    'armload catalog check',
    'armload catalog check istio argo-cd --audit',
    'armload catalog check --older-than 7d --max-requests 80',
    'armload catalog check traefik --tag v3.1.0 --dry-run',
    'armload catalog check --all-tags 5 --format markdown --output check.md',
  ])
    .description(
      "Looks at the images of the catalog's products as registries have them now, keeps what was seen with its date, and says which products moved: what lost the platform, what lies about it, which copies differ. Exit code 1 says that something is worse, 2 that something could not be determined.",
    )
    .argument('[products...]', 'names of products (default: all of them)');
  withResultOptions(command)
    .option('-a, --all', 'list products of which there is nothing new, too')
    .option('--audit', 'read the bytes of what claims the platform: only they prove it')
    .option(
      '--max-bytes <size>',
      'how much of layers --audit may read in all, such as 20GB; the rest is unknown',
    )
    .option(
      '--compare-layers',
      'compare with the amd64 layers: finds many images that only claim the platform',
    )
    .option('--dry-run', 'keep nothing of what is seen')
    .option('--tag <tag>', 'look at this tag of each image, whatever else there is; may be repeated', collect)
    .option('--all-tags <number>', 'how many of the newest releases to look at (default: 1)')
    .option('--older-than <age>', 'only what was last found out longer ago, such as 7d')
    .option('--region <region>', 'for images that ECR serves from each region (default: us-east-1)');
  return withAccessOptions(withCatalogOptions(command));
}

interface Running {
  readonly settings: CatalogCheckSettings;
  readonly progress: Progress;
  readonly io: Io;
}

interface Ending {
  readonly result: CatalogCheckResult;
  readonly warnings: readonly string[];
}

async function runCheck(names: readonly string[], running: Running): Promise<Ending> {
  const { settings, progress, io } = running;
  const { appendObservations, defaultObservationsFolder } = await import('../catalog/index.ts');
  const { checkProducts, createChannelFetch } = await import('../observe/index.ts');
  const { catalog, observations, problems } = await openCatalog(settings.catalog, io, (all) =>
    chosen(all, names),
  );
  const folder = settings.catalog.observations ?? defaultObservationsFolder(io.environment);
  const world = {
    ...settings.access,
    environment: io.environment,
    onEvent: progress.sink,
    signal: io.signal,
  };
  const { access, audit, close } = await openWorld(world, settings);
  const channels = createChannelFetch({ environment: io.environment });
  try {
    const result = await checkProducts(chosen(catalog, names), {
      ...settings.check,
      platform: settings.platform,
      access,
      ...(audit && { audit }),
      fetchChannel: channels.fetch,
      observations,
      ...(settings.record && {
        record: (product: string, seen: Observation) => appendObservations(folder, product, [seen]),
      }),
      onEvent: progress.sink,
      signal: io.signal,
    });
    return { result, warnings: [...catalog.notes, ...problems] };
  } finally {
    progress.stop();
    await channels.close();
    await close();
  }
}

/** @throws CatalogError `PRODUCT_UNKNOWN`, before anything is asked. */
function chosen(catalog: Catalog, names: readonly string[]): Catalog['products'] {
  return names.length === 0 ? catalog.products : [...new Set(names.map((name) => catalog.get(name)))];
}

async function openWorld(
  world: CatalogCheckSettings['access'] &
    Pick<Io, 'environment' | 'signal'> & { readonly onEvent: Progress['sink'] },
  { audit: wanted }: CatalogCheckSettings,
) {
  const { openAccess } = await import('../registry/index.ts');
  const access = await openAccess(world);
  if (wanted === undefined) return { access, close: () => access.close() };
  const { platformAuditors } = await import('../audit/index.ts');
  const audit = platformAuditors({ ...world, ...wanted, generation });
  return {
    access,
    audit,
    close: async () => {
      await audit.close();
      await access.close();
    },
  };
}
