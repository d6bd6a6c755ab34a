import type { ForeignCode } from '../../audit/index.ts';
import type { PortResult } from '../../results/index.ts';
import type { AccountRecord } from '../account.ts';
import type { Ported } from './carry-out.ts';
import type { Workshop } from './workshop.ts';

/** The account with what the audit found of the machine code that was kept. */
export interface ExplainedAccount {
  readonly records: PortResult['account'];
  readonly notes: readonly string[];
}

/** Machine code of another machine is never kept without saying why. */
export function explainedAccount({ waivers }: Workshop, { made }: Ported): ExplainedAccount {
  const foreign = new Map<string, ForeignCode>();
  for (const code of made.audit?.foreign ?? []) foreign.set(code.entry.path, code);
  const explained = made.account.records.map((record) => explain(record, foreign, waivers));
  const harmless = new Set(
    explained.flatMap(({ path, outcome, to }) =>
      outcome !== 'dropped' && isHarmless(foreign.get(to ?? path)) ? [to ?? path] : [],
    ),
  );
  return {
    records: explained,
    notes: harmless.size === 0 ? [] : [keptNote(harmless)],
  };
}

function isHarmless(code: ForeignCode | undefined): boolean {
  return code?.verdict === 'inert' || code?.verdict === 'shadowed';
}

function explain(
  record: AccountRecord,
  foreign: ReadonlyMap<string, ForeignCode>,
  waivers: Workshop['waivers'],
): PortResult['account'][number] {
  if (record.outcome !== 'kept') return { ...record };
  const reason = waivers.reasonFor(record.path);
  const code = foreign.get(record.path);
  if (reason !== undefined) return { ...record, why: `waived: ${reason}` };
  if (code === undefined) return { ...record };
  return { ...record, why: `${code.verdict} machine code for ${code.architecture}: ${code.because}` };
}

function keptNote(paths: ReadonlySet<string>): string {
  const [first] = paths;
  const files = paths.size === 1 ? '1 file' : `${paths.size} files`;
  const which = paths.size === 1 ? `/${first}` : `/${first} and others; the account names them`;
  return `${files} of other machines' code kept, for nothing here runs it: ${which}`;
}
