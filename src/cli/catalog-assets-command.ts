import { resolve } from 'node:path';
import { compareText, didYouMean, redact, systemClock, UsageError } from '../core/index.ts';
import { parsePlatform } from '../oci/index.ts';
import type { AssetTableChange } from '../port/index.ts';
import { assetsOutcomeOf, assetsTotalsOf } from '../report/index.ts';
import { type AssetsResult, assetsSchemaVersion } from '../results/index.ts';
import { baseCommand, parseArguments, type ResultFlags, withResultOptions } from './base-command.ts';
import { loadConfig } from './config.ts';
import type { Io } from './io.ts';
import { openResultOutput } from './result-output.ts';
import { resultSettings } from './settings.ts';

interface AssetsFlags extends ResultFlags {
  readonly all?: boolean;
  readonly file?: string;
  readonly package?: string;
}

const actions = ['add', 'list', 'remove'] as const;
const hint =
  'Write it like: armload catalog assets add example.com/tool@v1.2.3 linux/arm64=https://releases.example/tool#sha256:HEX';

/** `armload catalog assets`: the table of upstream's own programs that ports take before they build. */
export async function run(args: readonly string[], io: Io): Promise<number> {
  const parsed = await parseArguments<AssetsFlags>(assetsCommand(), args, io);
  if (parsed === undefined) return 0;
  const { flags, operands } = parsed;
  const { action, ...asked } = readOperands(operands, flags);
  const { format } = resultSettings(flags, await loadConfig(flags.config, io.cwd));
  const output = await openResultOutput(flags, io);
  const { defaultAssetTable } = await import('../port/index.ts');
  const file = flags.file === undefined ? defaultAssetTable(io.environment) : resolve(io.cwd, flags.file);
  const change = await changed(file, { action, ...asked, path: flags.package, cwd: io.cwd });
  const isMissing = action === 'remove' && change.removed === 0;
  const problems = isMissing
    ? [{ asset: operands.slice(1).join(' '), why: 'the table has no record of it' }]
    : [];
  const result = resultOf(file, change, problems);
  await output.write({ text: format.renderAssets(result, output.drawing), totals: assetsTotalsOf(result) });
  return assetsOutcomeOf(result).code;
}

function assetsCommand() {
  const command = baseCommand('catalog assets', [
    'armload catalog assets add example.com/tool@v1.2.3 linux/arm64=https://releases.example/tool.tar.gz#sha256:HEX!/tool',
    'armload catalog assets add example.com/tool@v1.2.3 linux/arm64=./tool#sha256:HEX --package example.com/tool/cmd/tool',
    'armload catalog assets list',
    'armload catalog assets remove example.com/tool@v1.2.3 linux/arm64',
  ])
    .description(
      "Keeps a table of programs of Go that their makers released: armload port takes one before it builds anything, where its build information is that of the image's program but for the machine. Exit code 1 says that what was to be removed is not in the table.",
    )
    .argument('[action]', actions.join(', '))
    .argument('[module]', 'MODULE[@VERSION], as its programs record them')
    .argument(
      '[asset]',
      'to add: PLATFORM=ADDRESS#sha256:HEX[!/MEMBER]; to remove: PLATFORM, all unless told',
    );
  return withResultOptions(command, { platform: false })
    .option('-a, --all', 'show whole hashes')
    .option('--package <path>', 'to add: the package of main, where a module has several programs')
    .option(
      '--file <file>',
      'the table (default: release-assets.json in your state folder, which armload port reads)',
    );
}

interface Asked {
  readonly action: (typeof actions)[number];
  readonly module: string;
  readonly asset: string | undefined;
}

function readOperands(
  [action, module, asset, ...more]: readonly string[],
  { package: path }: AssetsFlags,
): Asked {
  const known = actions.find((one) => one === action);
  if (known === undefined)
    throw new UsageError(
      'USAGE',
      action === undefined
        ? `armload catalog assets needs one of ${actions.join(', ')}`
        : `armload catalog assets has no "${action}"`,
      { hint: (action === undefined ? undefined : didYouMean(action, actions)) ?? hint },
    );
  if (more.length > 0) throw new UsageError('USAGE', `"${more[0]}" is one word too many`, { hint });
  if (known === 'list' && module !== undefined)
    throw new UsageError('USAGE', 'armload catalog assets list lists all, and takes no modules');
  if (known !== 'list' && module === undefined)
    throw new UsageError('USAGE', `armload catalog assets ${known} needs a module`, { hint });
  if (known === 'add' && asset === undefined)
    throw new UsageError('USAGE', 'armload catalog assets add needs an asset', { hint });
  if (known === 'remove' && asset !== undefined && parsePlatform(asset) === undefined)
    throw new UsageError('USAGE', `"${asset}" is no platform`, { hint: 'Write it like: linux/arm64' });
  if (known !== 'add' && path !== undefined)
    throw new UsageError('USAGE', `armload catalog assets ${known} takes no --package`);
  return { action: known, module: module ?? '', asset };
}

async function changed(
  file: string,
  {
    action,
    module,
    asset = '',
    path,
    cwd,
  }: Asked & { readonly path: string | undefined; readonly cwd: string },
): Promise<AssetTableChange> {
  const { addAssets, readAsset, readAssetTable, readModule, removeAssets } = await import('../port/index.ts');
  if (action === 'list') return { assets: await readAssetTable(file), added: 0, removed: 0 };
  if (action === 'remove')
    return removeAssets(file, { ...readModule(module), ...(asset !== '' && { platform: asset }) });
  const read = readAsset(module, { place: asset, cwd });
  const added = new Date(systemClock.now()).toISOString();
  return addAssets(file, [{ ...read, ...(path !== undefined && { package: path }), added }]);
}

function resultOf(
  file: string,
  { assets, added, removed }: AssetTableChange,
  problems: AssetsResult['problems'],
): AssetsResult {
  const key = ({ module, version = '', platform }: AssetsResult['assets'][number]) =>
    `${module} ${version} ${platform}`;
  return {
    schemaVersion: assetsSchemaVersion,
    ...{ file, added, removed, problems },
    assets: assets
      .map((asset) => ({ ...asset, from: redact(asset.from) }))
      .sort((left, right) => compareText(key(left), key(right))),
  };
}
