import type { Finding } from '../../results/index.ts';

/** Findings of one kind that are as bad as each other. */
export interface FindingGroup {
  readonly kind: string;
  readonly severity: Finding['severity'];
  readonly verdict?: Finding['verdict'];
  readonly count: number;
  readonly blocks: readonly FindingBlock[];
}

/** Findings of a group that differ in their paths only, so that the rest is said once. */
export interface FindingBlock {
  readonly first: Finding;
  readonly findings: readonly Finding[];
}

/** In the order the findings have: the group of the first one, worst, comes first. */
export function groupFindings(findings: readonly Finding[]): readonly FindingGroup[] {
  const groups = split(findings, ({ kind, severity, verdict }) => [severity, kind, verdict]);
  return groups.map(({ first, findings: found }) => ({
    kind: first.kind,
    severity: first.severity,
    ...(first.verdict === undefined ? {} : { verdict: first.verdict }),
    count: found.length,
    blocks: split(found, (finding) => [
      finding.found,
      finding.expected,
      finding.why,
      finding.layer?.index,
      finding.layer?.digest,
    ]),
  }));
}

function split(
  findings: readonly Finding[],
  keyOf: (finding: Finding) => readonly unknown[],
): readonly FindingBlock[] {
  const blocks = new Map<string, { readonly first: Finding; readonly findings: Finding[] }>();
  for (const finding of findings) {
    const key = JSON.stringify(keyOf(finding));
    const block = blocks.get(key);
    if (block === undefined) blocks.set(key, { first: finding, findings: [finding] });
    else block.findings.push(finding);
  }
  return [...blocks.values()];
}
