import { resolve } from 'node:path';
import { didYouMean, UsageError } from '../core/index.ts';
import { formatPlatform } from '../oci/index.ts';
import type { BaseRecord, BaseTableChange } from '../port/index.ts';
import { basesOutcomeOf, basesTotalsOf } from '../report/index.ts';
import { type BasesResult, basesSchemaVersion, type KnownBase } from '../results/index.ts';
import { type AccessFlags, accessSettings, withAccessOptions } from './access-settings.ts';
import {
  baseCommand,
  type Parsed,
  parseArguments,
  type ResultFlags,
  withResultOptions,
} from './base-command.ts';
import { type Config, loadConfig } from './config.ts';
import type { Io } from './io.ts';
import { startProgress } from './progress.ts';
import { openResultOutput } from './result-output.ts';
import { resultSettings } from './settings.ts';

interface BasesFlags extends ResultFlags, AccessFlags {
  readonly all?: boolean;
  readonly file?: string;
}

const actions = ['add', 'list', 'remove'] as const;

/** `armload catalog bases`: the table of bases that ports know by their layers. */
export async function run(args: readonly string[], io: Io): Promise<number> {
  const parsed = await parseArguments<BasesFlags>(basesCommand(), args, io);
  if (parsed === undefined) return 0;
  const { flags, operands } = parsed;
  const action = readAction(operands);
  const config = await loadConfig(flags.config, io.cwd);
  const { format } = resultSettings(flags, config);
  const output = await openResultOutput(flags, io);
  const { defaultBaseTable } = await import('../port/index.ts');
  const file = flags.file === undefined ? defaultBaseTable(io.environment) : resolve(io.cwd, flags.file);
  const change = await changed(file, { action, parsed, config, io });
  const result = resultOf(file, change);
  await output.write({ text: format.renderBases(result, output.drawing), totals: basesTotalsOf(result) });
  return basesOutcomeOf(result).code;
}

function basesCommand() {
  const command = baseCommand('catalog bases', [
    'armload catalog bases add registry.example/base/debian:12 registry.example/base/jre:21',
    'armload catalog bases list --all',
    'armload catalog bases remove registry.example/base/debian:12',
    'armload catalog bases add --file bases.json registry.example/base/debian:12',
  ])
    .description(
      "Keeps a table of bases by the chain-ids of their layers, for all their platforms: armload port finds an image's base in it where nothing names one. A base that moved on is added again; what it was before stays, for images were made of it. Exit code 1 says that something named can be no base, 2 that it could not be reached.",
    )
    .argument('[action]', actions.join(', '))
    .argument('[references...]', 'bases, each an index with several platforms');
  withResultOptions(command, { platform: false })
    .option('-a, --all', 'list every image with its chain-id')
    .option(
      '--file <file>',
      'the table (default: known-bases.json in your state folder, which armload port reads)',
    );
  return withAccessOptions(command);
}

function readAction([action, ...references]: readonly string[]): (typeof actions)[number] {
  const known = actions.find((one) => one === action);
  const hint = 'Write it like: armload catalog bases add registry.example/base/debian:12';
  if (known === undefined)
    throw new UsageError(
      'USAGE',
      action === undefined
        ? `armload catalog bases needs one of ${actions.join(', ')}`
        : `armload catalog bases has no "${action}"`,
      { hint: (action === undefined ? undefined : didYouMean(action, actions)) ?? hint },
    );
  if (known === 'list' && references.length > 0)
    throw new UsageError('USAGE', 'armload catalog bases list lists all, and takes no references');
  if (known !== 'list' && references.length === 0)
    throw new UsageError('USAGE', `armload catalog bases ${known} needs the references of bases`, { hint });
  return known;
}

interface Asked {
  readonly action: (typeof actions)[number];
  readonly parsed: Parsed<BasesFlags>;
  readonly config: Config;
  readonly io: Io;
}

async function changed(file: string, { action, parsed, config, io }: Asked): Promise<BaseTableChange> {
  const { addBases, readBaseTable, removeBases } = await import('../port/index.ts');
  const [, ...references] = parsed.operands;
  if (action === 'list') return { records: await readBaseTable(file), added: 0, removed: 0, problems: [] };
  if (action === 'remove') return removeBases(file, references);
  const { openAccess } = await import('../registry/index.ts');
  const progress = startProgress(parsed.flags, io, config);
  const access = await openAccess({
    ...accessSettings(parsed.flags, config, { own: config.values.port ?? {}, cwd: io.cwd }),
    cwd: io.cwd,
    environment: io.environment,
    onEvent: progress.sink,
    signal: io.signal,
  });
  try {
    return await addBases(file, references, { access, signal: io.signal });
  } finally {
    progress.stop();
    await access.close();
  }
}

function resultOf(file: string, { records, added, removed, problems }: BaseTableChange): BasesResult {
  const bases = new Map<string, BaseRecord[]>();
  for (const record of records) {
    const key = `${record.reference} ${record.indexDigest}`;
    bases.set(key, [...(bases.get(key) ?? []), record]);
  }
  const sorted = [...bases].sort(([left], [right]) => (left < right ? -1 : 1));
  return {
    schemaVersion: basesSchemaVersion,
    ...{ file, added, removed },
    problems: [...problems],
    bases: sorted.map(([, of]) => knownBase(of)),
  };
}

function knownBase(records: readonly BaseRecord[]): KnownBase {
  const [first] = records;
  return {
    reference: first?.reference ?? '',
    index: first?.indexDigest ?? '',
    ...(first?.added === undefined ? {} : { added: first.added }),
    images: records
      .map(({ platform, manifestDigest, chainId, layers }) => ({
        ...{ platform: formatPlatform(platform), manifest: manifestDigest, chainId, layers },
      }))
      .sort((left, right) => (left.platform < right.platform ? -1 : 1)),
  };
}
