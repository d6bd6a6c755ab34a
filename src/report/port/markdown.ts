import { type BaseResult, type PortResult, severities } from '../../results/index.ts';
import { findingTable, runTable } from '../audit/markdown.ts';
import { describeLayer } from '../audit/sentences.ts';
import type { Drawing } from '../format.ts';
import { Budget } from '../markdown-budget.ts';
import { code, prose, row } from '../markdown-text.ts';
import { describeBlobs, describeIndex } from '../publish/sentences.ts';
import { count, describeSize } from '../text.ts';
import { chooseFindings } from './findings.ts';
import { groupRefusals, type RefusalBlock } from './refusal-groups.ts';
import {
  describeBase,
  describeBaseFacts,
  describeDifference,
  describeMaterial,
  describeParity,
  describeTitle,
  nextStepOf,
  notableConfig,
  portTotalsOf,
  sumMaterials,
} from './sentences.ts';

const pathsShown = 20;

/** The same for pull requests. Rows that don't fit into a comment are left out and counted. */
export function renderPortMarkdown(result: PortResult, drawing: Drawing = {}): string {
  const budget = new Budget();
  const all = drawing.all ?? false;
  const sections = [
    `## ${code(describeTitle(result))} for ${code(result.platform)}: ${result.outcome}`,
    `**${prose(portTotalsOf(result))}**`,
    prose(result.why),
    summary(result),
    optional(
      budget,
      ['Refusals', ['Kind', 'Paths', 'Layer', 'Seems to be', 'Why', 'What lifts it']],
      refusalRows(result),
    ),
    optional(budget, ['Waivers', ['Path', 'Reason', 'Needed']], waiverRows(result)),
    ...auditTables(result, budget, all),
    optional(
      budget,
      ['Layers', ['Kind', 'Digest', 'Size', 'In the place of', 'Changed paths']],
      layerRows(result),
    ),
    optional(budget, ['Replacements', ['From', 'What', 'Size', 'Notes']], materialRows(result, all)),
    optional(budget, ['Config', ['Member', 'Action', 'Why']], configRows(result)),
    result.notes.length === 0
      ? ''
      : ['### Notes', '', ...result.notes.map((note) => `- ${prose(note)}`)].join('\n'),
    all ? differences(result.base, budget) : '',
    optional(budget, ['Attached', ['What', 'Digest', 'Type', 'Signed']], attachmentRows(result)),
    prose(nextStepOf(result)),
  ];
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

function optional(
  budget: Budget,
  [title, columns]: readonly [string, readonly string[]],
  rows: readonly string[],
): string {
  return rows.length === 0 ? '' : budget.table(title, columns, rows);
}

function summary({ source, base, image, publish, audit }: PortResult): string {
  const digest = source.digest === undefined ? '' : `, ${code(source.digest)}`;
  return [
    `- source: ${code(source.reference)} (${prose(source.platform)})${digest}`,
    ...(base === undefined ? [] : [`- base: ${baseText(base)}`]),
    ...(image === undefined ? [] : [`- image: ${code(image.digest)}`]),
    ...(audit === undefined ? [] : [`- audit: ${audit.verdict}: ${prose(audit.why)}`]),
    ...(publish === undefined
      ? []
      : [
          `- index: ${code(publish.index.digest)} (${prose(describeIndex(publish))}); ${prose(describeBlobs(publish))}`,
        ]),
  ].join('\n');
}

function baseText(base: BaseResult): string {
  const facts = describeBaseFacts(base, false);
  return [
    base.state === 'found' ? code(describeBase(base)) : prose(describeBase(base)),
    ...(facts === '' ? [] : [prose(facts)]),
    ...(base.parity === undefined ? [] : [prose(describeParity(base.parity))]),
  ].join('; ');
}

function refusalRows({ refusals }: PortResult): readonly string[] {
  return groupRefusals(refusals).flatMap(({ kind, undetermined, blocks }) =>
    blocks.map((block) => refusalRow(`${kind}${undetermined ? ' (undetermined)' : ''}`, block)),
  );
}

function refusalRow(kind: string, { first, refusals }: RefusalBlock): string {
  const paths = refusals.flatMap(({ path }) => (path === undefined ? [] : [code(path)]));
  const rest = paths.length - pathsShown;
  return row([
    prose(kind),
    [...paths.slice(0, pathsShown), ...(rest > 0 ? [`and ${rest} more`] : [])].join('<br>'),
    first.layer === undefined ? '' : prose(describeLayer(first.layer, false)),
    prose(first.guess ?? ''),
    prose(first.why),
    prose(first.lift),
  ]);
}

function waiverRows({ waivers }: PortResult): readonly string[] {
  return waivers.map(({ path, reason, used }) => row([code(path), prose(reason), used ? 'yes' : 'no']));
}

function auditTables({ audit, refusals }: PortResult, budget: Budget, all: boolean): readonly string[] {
  if (audit === undefined) return [];
  const { listed, notes } = chooseFindings(audit, refusals, all);
  const { findingsOmitted } = audit;
  const left = [
    ...(notes > 0 ? [`${count(notes, 'note')} of the audit not listed.`] : []),
    ...(findingsOmitted > 0 ? [`${count(findingsOmitted, 'finding')} more than a result can list.`] : []),
  ];
  const shown = [{ ...audit, findings: [...listed] }];
  return [
    ...severities.map((severity) => findingTable(severity, shown, budget)),
    left.join(' '),
    runTable(shown, budget),
  ];
}

function layerRows({ layers }: PortResult): readonly string[] {
  return layers.map(({ kind, digest, size, from, changes }) =>
    row([
      kind,
      code(digest),
      describeSize(size),
      kind === 'rewritten' && from !== undefined ? code(from) : '',
      changes === 0 ? '' : String(changes),
    ]),
  );
}

/** The sum of each origin; with `all` every single one. */
function materialRows({ materials }: PortResult, all: boolean): readonly string[] {
  return sumMaterials(materials).flatMap((sum) => {
    const single = all ? sum.materials : sum.materials.filter(({ notes = [] }) => notes.length > 0);
    return [
      row([prose(sum.origin), prose(sum.amount), '', '']),
      ...single.map((material) =>
        row([
          prose(sum.origin),
          code(describeMaterial(material)),
          material.size === undefined ? '' : describeSize(material.size),
          (material.notes ?? []).map(prose).join('<br>'),
        ]),
      ),
    ];
  });
}

function configRows(result: PortResult): readonly string[] {
  return notableConfig(result).map(({ member, action, why }) =>
    row([code(member), prose(action), prose(why)]),
  );
}

function differences(base: BaseResult | undefined, budget: Budget): string {
  const found = base?.parity?.differences ?? [];
  return optional(
    budget,
    ['Differences of the base', ['Difference']],
    found.map((difference) => row([prose(describeDifference(difference))])),
  );
}

function attachmentRows({ attachments }: PortResult): readonly string[] {
  return attachments.map(({ kind, digest, artifactType, signed }) =>
    row([prose(kind), code(digest), code(artifactType), signed ? 'yes' : 'no']),
  );
}
