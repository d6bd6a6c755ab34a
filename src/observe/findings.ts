import type { CatalogFinding, CheckFinding, Observation, Regression } from '../results/index.ts';

/** What is wrong with an image besides what it lost, and what the catalog says of its product now. */
export function findingsOf(
  seen: readonly Observation[],
  regressions: readonly Regression[],
  ofProduct: readonly CatalogFinding[],
): CheckFinding[] {
  const regressed = new Set(regressions.map(({ reference }) => reference));
  return [
    ...seen.flatMap((one) => (regressed.has(one.reference) ? [] : badFinding(one))),
    ...ofProduct.map(({ kind, text }): CheckFinding => ({ kind, severity: severityOf(kind), why: text })),
  ];
}

function badFinding({ result, reference, platform, why }: Observation): CheckFinding[] {
  switch (result) {
    case 'mislabelled':
      return [
        { kind: 'mislabelled', severity: 'error', reference, why: `it says it is for ${platform}: ${why}` },
      ];
    case 'partial':
      return [{ kind: 'partial', severity: 'warning', reference, why }];
    case 'multi-arch':
    case 'single-arch':
    case 'none':
    case 'gone':
    case 'unknown':
      return [];
  }
}

/** Copies with other digests may be pushed anew, and what has run out says so by its date: nobody has to act. */
function severityOf(kind: string): CheckFinding['severity'] {
  return kind === 'copies-differ' || kind === 'workaround-expired' ? 'note' : 'warning';
}
