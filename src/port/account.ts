import { ArmloadError } from '../core/index.ts';
import type { EntryKind, MergedView } from '../layer/index.ts';
import { entryPath } from './plan-types.ts';

/** What became of one entry of a layer above the base, or why there is one more. */
export interface AccountRecord {
  /** The layer, counted from the first above the base. */
  readonly layer: number;
  /** In the source layer's tar, markers of whiteouts included; of an added path, in the new layer's. */
  readonly path: string;
  /** `unread`: an entry without meaning or with an impossible path, which armload and the engines leave out. */
  readonly kind: EntryKind | 'unread';
  readonly outcome: 'kept' | 'replaced' | 'mapped' | 'dropped' | 'added';
  /** Where it is now, if elsewhere. */
  readonly to?: string;
  /** Of a file's content as it is now, hexadecimal. */
  readonly sha256?: string;
  /** Of a link in a replaced file's or link's place. */
  readonly linkName?: string;
  /** Where new content is from. */
  readonly origin?: string;
  readonly why: string;
}

/** The total list of what a port did with every path above the base, in the order of layers and entries. */
export interface Account {
  readonly records: readonly AccountRecord[];
}

/** An account that doesn't speak of every path exactly once, or not clearly enough. */
export class AccountError extends ArmloadError<'ACCOUNT_NOT_TOTAL'> {
  /** At most 1000, each a sentence that names layer and path. */
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    const [first = ''] = problems;
    const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
    super('ACCOUNT_NOT_TOTAL', `the account of the port is not total: ${first}${more}`, {
      facts: { problems },
    });
    this.problems = problems;
  }
}

/** How many paths had which outcome. */
export type AccountTotals = Readonly<Record<AccountRecord['outcome'], number>>;

export const noTotals: AccountTotals = { kept: 0, replaced: 0, mapped: 0, dropped: 0, added: 0 };

const maxProblems = 1000;

/**
 * Proves that an account is total: each entry of each layer of `source` above its first `baseLayers` has exactly one
 * record with a reason, what was replaced says by what, and nothing else is spoken of but added paths.
 * @throws AccountError, naming what is missing or too much.
 */
export function checkAccount(
  account: Account,
  image: { readonly source: MergedView; readonly baseLayers: number },
): AccountTotals {
  const problems: string[] = [];
  const totals = { ...noTotals };
  const open = openEntries(image.source, image.baseLayers);
  for (const record of account.records) {
    totals[record.outcome] += 1;
    const problem = problemOf(record) ?? settle(record, open);
    if (problem !== undefined) problems.push(`layer ${record.layer}, ${record.path}: ${problem}`);
    if (problems.length >= maxProblems) break;
  }
  for (const [layer, paths] of open.entries())
    for (const [path, left] of paths)
      if (left > 0 && problems.length < maxProblems)
        problems.push(`layer ${layer}, ${path}: no record says what became of it`);
  if (problems.length > 0) throw new AccountError(problems);
  return totals;
}

/** Entries that need a record, by layer and path. */
type OpenEntries = readonly Map<string, number>[];

function openEntries(source: MergedView, baseLayers: number): OpenEntries {
  return source.layers.slice(baseLayers).map(({ entries }) => {
    const paths = new Map<string, number>();
    for (const entry of entries) {
      const path = entryPath(entry);
      paths.set(path, (paths.get(path) ?? 0) + 1);
    }
    return paths;
  });
}

function settle(record: AccountRecord, open: OpenEntries): string | undefined {
  const paths = open[record.layer];
  if (paths === undefined) return 'there is no such layer above the base';
  if (record.outcome === 'added' || record.kind === 'unread') return undefined;
  const left = paths.get(record.path);
  if (left === undefined) return 'the layer has no such entry';
  if (left === 0) return 'there is more than one record of it';
  paths.set(record.path, left - 1);
  return undefined;
}

function problemOf(record: AccountRecord): string | undefined {
  if (record.why.trim() === '') return 'the record gives no reason';
  if (record.outcome === 'replaced' && (record.origin ?? '') === '')
    return 'it was replaced, but the record says not from where';
  const isProven = /^[0-9a-f]{64}$/.test(record.sha256 ?? '') || (record.linkName ?? '') !== '';
  if (record.outcome === 'replaced' && !isProven)
    return 'it was replaced, but the record has no hash of the new content';
  if (record.outcome === 'mapped' && record.to === undefined)
    return 'it was mapped, but the record says not where to';
  return undefined;
}
