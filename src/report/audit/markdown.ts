import type {
  AuditResult,
  EntryResult,
  Finding,
  ImageAudit,
  Severity,
  SmokeRun,
} from '../../results/index.ts';
import type { AuditReportOptions } from '../format.ts';
import { Budget } from '../markdown-budget.ts';
import { code, prose, row } from '../markdown-text.ts';
import { count } from '../text.ts';
import {
  auditTotalsOf,
  describeKind,
  describeLabel,
  describeLayer,
  describeMeans,
  describeWords,
  isContradictory,
} from './sentences.ts';
import { worstFirst } from './verdicts.ts';

const causesShown = 3;

interface Found {
  readonly image: ImageAudit;
  readonly finding: Finding;
}

/**
 * The audit for pull-request comments: totals, the images, the smoke runs, then the findings by severity. Rows that
 * don't fit into a comment are left out and counted.
 */
export function renderAuditMarkdown(result: AuditResult, options: AuditReportOptions = {}): string {
  const budget = new Budget();
  const images = worstFirst(result.images);
  const all = options.all ?? false;
  const sections = [
    `## ${code(result.platform)} audit`,
    `**${prose(auditTotalsOf(result, options.failOn))}**`,
    imageTable(images, budget),
    runTable(images, budget),
    findingTable('error', images, budget),
    findingTable('warning', images, budget),
    all ? findingTable('note', images, budget) : '',
    omissions(images, all),
  ];
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

function imageTable(images: readonly ImageAudit[], budget: Budget): string {
  if (images.length === 0) return '';
  return budget.table(
    'Images',
    ['Image', 'Verdict', 'Why', 'What it starts', 'Likely cause'],
    images.map((image) =>
      row([
        imageCell(image),
        image.reason === undefined ? image.verdict : `${image.verdict} (${image.reason})`,
        whyCell(image),
        image.entries.map(entryCell).join('<br>'),
        image.causes.slice(0, causesShown).map(prose).join('<br>'),
      ]),
    ),
  );
}

function imageCell({ reference, platform }: ImageAudit): string {
  return `${code(reference)} ${prose(platform)}`;
}

function whyCell({ why, label }: ImageAudit): string {
  const contrast = label !== undefined && isContradictory(label) ? `<br>${prose(describeLabel(label))}` : '';
  return `${prose(why)}${contrast}`;
}

function entryCell({ role, words, chain, ends }: EntryResult): string {
  const way = [...chain.map(code), prose(ends)].join(' → ');
  return `${role} ${code(describeWords(words, false))}: ${way}`;
}

export function runTable(images: readonly ImageAudit[], budget: Budget): string {
  const rows = images.flatMap((image) => (image.runs ?? []).map((run) => runRow(image, run)));
  if (rows.length === 0) return '';
  return budget.table('Smoke runs', ['Image', 'Command', 'Result', 'Run by', 'Why'], rows);
}

function runRow(image: ImageAudit, run: SmokeRun): string {
  return row([
    imageCell(image),
    code(describeWords(run.command, false)),
    run.result,
    prose(describeMeans(run)),
    prose(run.why),
  ]);
}

const titles: Readonly<Record<Severity, string>> = { error: 'Errors', warning: 'Warnings', note: 'Notes' };

export function findingTable(severity: Severity, images: readonly ImageAudit[], budget: Budget): string {
  const found = images.flatMap((image) =>
    image.findings.filter((finding) => finding.severity === severity).map((finding) => ({ image, finding })),
  );
  if (found.length === 0) return '';
  return budget.table(
    titles[severity],
    ['Image', 'Finding', 'Path', 'Found', 'Expected', 'Layer', 'Why'],
    found.map(findingRow),
  );
}

function findingRow({ image, finding }: Found): string {
  const { path, role, layer } = finding;
  return row([
    imageCell(image),
    prose(describeKind(finding)),
    [path === undefined ? '' : code(path), role === undefined ? '' : `(${prose(role)})`].join(' ').trim(),
    prose(finding.found),
    prose(finding.expected),
    layer === undefined ? '' : prose(describeLayer(layer, false)),
    prose(finding.why),
  ]);
}

/** What is not in the tables, so that nobody takes them for everything. */
function omissions(images: readonly ImageAudit[], all: boolean): string {
  const notes = images
    .flatMap((image) => image.findings)
    .filter(({ severity }) => severity === 'note').length;
  const omitted = images.reduce((sum, image) => sum + image.findingsOmitted, 0);
  return [
    ...(notes > 0 && !all ? [`${count(notes, 'note')} not listed.`] : []),
    ...(omitted > 0 ? [`${count(omitted, 'finding')} more than a result can list.`] : []),
  ].join(' ');
}
