import { didYouMean, UsageError } from '../core/index.ts';
import type { CommandEntry } from './command-types.ts';
import { type Io, writeText } from './io.ts';

const usageCode = 3;

/** What `armload catalog` can do, one entry each. */
const catalogCommands: readonly CommandEntry[] = [
  {
    name: 'list',
    operands: '',
    summary: 'every product with its state',
    load: () => import('./catalog-list-command.ts'),
  },
  {
    name: 'show',
    operands: 'PRODUCT[@VERSION]',
    summary: 'all that is known of a product, or of a version of it',
    load: () => import('./catalog-show-command.ts'),
  },
  {
    name: 'check',
    operands: '[PRODUCT]...',
    summary: 'looks at their images now, and keeps what was seen',
    load: () => import('./catalog-check-command.ts'),
  },
  {
    name: 'table',
    operands: '',
    summary: 'the page of workarounds, as of today or of a day',
    load: () => import('./catalog-table-command.ts'),
  },
  {
    name: 'bases',
    operands: 'add | list | remove',
    summary: "the bases that ports know by their layers: your registry's own",
    load: () => import('./catalog-bases-command.ts'),
  },
  {
    name: 'assets',
    operands: 'add | list | remove',
    summary: 'programs that their makers released, which ports take before they build',
    load: () => import('./catalog-assets-command.ts'),
  },
];

/** `armload catalog`: hands on to one of its parts. */
export async function run(args: readonly string[], io: Io): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined) {
    await writeText(io.stderr, overview());
    return usageCode;
  }
  if (name === '--help' || name === '-h') {
    await writeText(io.stdout, overview());
    return 0;
  }
  if (name === 'help' && rest[0] !== undefined) return await run([rest[0], '--help'], io);
  const entry = catalogCommands.find((command) => command.name === name);
  if (entry === undefined) throw unknownPart(name);
  const command = await entry.load();
  return await command.run(rest, io);
}

function unknownPart(name: string): UsageError {
  const names = catalogCommands.map((command) => command.name);
  if (name.startsWith('-'))
    return new UsageError('USAGE', `"${name}" stands before what the catalog is asked for`, {
      hint: `Write it like: armload catalog list ${name}`,
    });
  return new UsageError('USAGE', `armload catalog has no "${name}"`, {
    hint: didYouMean(name, names) ?? `To look at a product: armload catalog show ${name}`,
  });
}

function overview(): string {
  const usage = ({ name, operands }: CommandEntry) => `${name} ${operands}`.trim();
  const width = Math.max(...catalogCommands.map((entry) => usage(entry).length));
  return [
    'The catalog knows products, how far each is on arm64, and what helps until it is there.',
    '',
    'Usage: armload catalog COMMAND [OPTIONS]',
    '',
    'Commands:',
    ...catalogCommands.map((entry) => `  ${usage(entry).padEnd(width)}  ${entry.summary}`),
    '',
    'Examples:',
    '  armload catalog list --state regressed',
    '  armload catalog show argo-cd@2.0.5',
    '  armload catalog table --date 2021-08-09',
    '',
    'armload catalog COMMAND --help shows the options of each; all have --verbose, --quiet and --format.',
    '',
  ].join('\n');
}
