import type { ForeignCode } from '../../audit/index.ts';
import type { MergedView } from '../../layer/index.ts';
import type { PortResult } from '../../results/index.ts';
import type { AccountRecord } from '../account.ts';
import type { Ported } from './types.ts';

import type { Waivers } from './waivers.ts';
import type { Workshop } from './workshop.ts';

/** The account with what the audit found of the machine code that was kept. */
export interface ExplainedAccount {
  readonly records: PortResult['account'];
  readonly notes: readonly string[];
}

/** Machine code of another machine is never kept without saying why, at any of its names. */
export function explainedAccount({ waivers }: Workshop, { made, base }: Ported): ExplainedAccount {
  const around: Around = {
    waivers,
    view: made.view,
    foreign: foreignByPath(made),
    baseLayers: base.newLayers.length,
  };
  const harmless = new Set<string>();
  const records = made.account.records.map((record) => explain(record, around, harmless));
  return { records, notes: harmless.size === 0 ? [] : [keptNote(harmless)] };
}

interface Around {
  readonly waivers: Waivers;
  /** Of the new image. */
  readonly view: MergedView | undefined;
  readonly foreign: ReadonlyMap<string, ForeignCode>;
  readonly baseLayers: number;
}

/** The audit judges a file once, whatever number of names it has. */
function foreignByPath({ audit, view }: Ported['made']): ReadonlyMap<string, ForeignCode> {
  const foreign = new Map<string, ForeignCode>();
  for (const code of audit?.foreign ?? [])
    for (const path of view?.links(code.entry.path) ?? [code.entry.path]) {
      const known = foreign.get(path);
      if (known === undefined || isHarmless(known)) foreign.set(path, code);
    }
  return foreign;
}

function isHarmless({ verdict }: ForeignCode): boolean {
  return verdict === 'inert' || verdict === 'shadowed';
}

function explain(
  record: AccountRecord,
  { waivers, view, foreign, baseLayers }: Around,
  harmless: Set<string>,
): PortResult['account'][number] {
  const { outcome, path, to } = record;
  if (outcome === 'dropped' || record.kind === 'whiteout' || record.kind === 'opaque') return { ...record };
  const found = view?.resolve(to ?? path, { followLast: false });
  // What a layer above hides is another file.
  const there =
    found?.found === true && found.entry.layer === record.layer + baseLayers ? found.entry.path : undefined;
  const code = there === undefined ? undefined : foreign.get(there);
  if (code !== undefined && there !== undefined && isHarmless(code)) harmless.add(there);
  if (outcome === 'replaced' || outcome === 'added') return { ...record };
  const reason = waivers.reasonFor(there ?? path) ?? waivers.reasonFor(path);
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
