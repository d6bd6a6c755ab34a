import type { AuditResult, EntryResult, ImageAudit, SmokeRun } from '../../results/index.ts';
import type { AuditReportOptions } from '../format.ts';
import type { Tone } from '../groups.ts';
import { joined, labelledLines, type Page, pageOf } from '../page.ts';
import { count, describeSize, plainText, wrap } from '../text.ts';
import { type FindingBlock, type FindingGroup, groupFindings } from './finding-groups.ts';
import {
  auditTotalsOf,
  describeChain,
  describeCode,
  describeContrast,
  describeEntry,
  describeKind,
  describeLabel,
  describeLayer,
  describePath,
  describeRun,
  isContradictory,
} from './sentences.ts';
import { runTones, severityTones, toneOfEntry, toneOfVerdict, worstFirst } from './verdicts.ts';

const indent = 2;
const labelWidth = 9;
const blocksShown = 5;
const pathsShown = 3;
const outputLinesShown = 5;

/** The audit for people: image by image, worst first, what it is, what it starts, what was found; then the totals. */
export function renderAuditTable(result: AuditResult, options: AuditReportOptions = {}): string {
  const page = pageOf(options);
  return joined([
    ...worstFirst(result.images).map((image) => imageSection(image, page)),
    [page.paint.bold(auditTotalsOf(result, options.failOn))],
  ]);
}

function imageSection(image: ImageAudit, page: Page): readonly string[] {
  const { paint, all, detail } = page;
  const listed =
    all || detail ? image.findings : image.findings.filter(({ severity }) => severity !== 'note');
  const verdict = image.reason === undefined ? image.verdict : `${image.verdict} (${image.reason})`;
  return [
    [
      paint.tone(toneOfVerdict(image), verdict),
      paint.bold(plainText(image.reference)),
      paint.dim(plainText(image.platform)),
    ].join('  '),
    ...labelled('why', [plainText(image.why)], page),
    ...labelLines(image, page),
    ...image.entries.flatMap((entry) => entryLines(entry, page)),
    ...image.causes.flatMap((cause) => labelled('cause', [plainText(cause)], page)),
    ...groupFindings(listed).flatMap((group) => groupLines(group, page)),
    ...restLines(image, image.findings.length - listed.length, page),
    ...(image.runs ?? []).flatMap((run) => runLines(run, page)),
    ...(detail ? readLines(image, page) : []),
  ];
}

function labelLines({ label, verdict }: ImageAudit, page: Page): readonly string[] {
  if (label === undefined) return [];
  const isDoubted = verdict === 'mislabelled' || verdict === 'metadata-wrong' || isContradictory(label);
  if (!isDoubted && !page.detail) return [];
  const code = describeCode(label);
  return labelled('label', [describeLabel(label), ...(code === '' ? [] : [code])], page);
}

export function entryLines(entry: EntryResult, page: Page): readonly string[] {
  const label = entry.ok === undefined ? 'unsure' : entry.ok ? 'starts' : 'fails';
  const texts = [describeEntry(entry, page.detail), describeChain(entry)];
  return labelled(label, texts, page, toneOfEntry(entry));
}

/** One kind of finding with its paths, for the tables that show findings. */
export function groupLines(group: FindingGroup, page: Page): readonly string[] {
  const blocks = page.detail ? group.blocks : group.blocks.slice(0, blocksShown);
  const shown = blocks.reduce((sum, block) => sum + block.findings.length, 0);
  const lines = [
    `${describeKind(group)} (${group.count})`,
    ...blocks.flatMap((block) => blockLines(block, page)),
    ...(shown === group.count ? [] : [`  and ${group.count - shown} more`]),
  ];
  return labelledLines(group.severity, lines, marginOf(page, severityTones[group.severity]));
}

function blockLines({ first, findings }: FindingBlock, page: Page): readonly string[] {
  const paths = page.detail ? findings : findings.slice(0, pathsShown);
  const rest = findings.length - paths.length;
  const facts = [
    describeContrast(first),
    ...(first.layer === undefined ? [] : [describeLayer(first.layer, page.detail)]),
    plainText(first.why),
  ];
  return [
    // A path stays on one line, however long, so that it can be copied.
    ...paths.map((finding) => `  ${describePath(finding)}`),
    ...(rest > 0 ? [`  and ${rest} more like it`] : []),
    ...facts.flatMap((fact) => paragraph(fact, page, 4)),
  ];
}

function restLines({ findingsOmitted }: ImageAudit, notes: number, page: Page): readonly string[] {
  const omitted = `${count(findingsOmitted, 'finding')} more than this result can list`;
  return [
    ...(notes > 0 ? labelled('notes', [`${notes}: --all lists them`], page, 'quiet') : []),
    ...(findingsOmitted > 0 ? labelled('omitted', [omitted], page, 'doubt') : []),
  ];
}

export function runLines(run: SmokeRun, page: Page): readonly string[] {
  const written = run.result === 'passed' && !page.detail ? [] : outputLines(run.output ?? '', page);
  return labelledLines(
    'run',
    [
      ...[describeRun(run, page.detail), plainText(run.why)].flatMap((text) => paragraph(text, page)),
      ...written.map((line) => `  ${line}`),
    ],
    marginOf(page, runTones[run.result]),
  );
}

/** The last of what the program wrote, line by line. */
function outputLines(output: string, page: Page): readonly string[] {
  const lines = output
    .split('\n')
    .map(plainText)
    .filter((line) => line !== '');
  return page.detail ? lines : lines.slice(-outputLinesShown);
}

/** What was read, for who wants to know all. */
function readLines(image: ImageAudit, page: Page): readonly string[] {
  const { digest, manifest, files, bytes } = image;
  const amounts = [
    ...(files === undefined ? [] : [count(files, 'file')]),
    ...(bytes === undefined ? [] : [`${describeSize(bytes)} of layers`]),
  ];
  return [
    ...(digest === undefined ? [] : labelled('digest', [plainText(digest)], page)),
    ...(manifest === undefined ? [] : labelled('manifest', [plainText(manifest)], page)),
    ...(amounts.length === 0 ? [] : labelled('read', [amounts.join(', ')], page)),
    ...labelled('has', [plainText(image.platforms.join(', ')) || 'no platform'], page),
  ];
}

function labelled(label: string, texts: readonly string[], page: Page, tone?: Tone): readonly string[] {
  const lines = texts.flatMap((text) => paragraph(text, page));
  return labelledLines(label, lines, marginOf(page, tone));
}

function marginOf({ paint }: Page, tone?: Tone) {
  const mark = tone === undefined ? paint.dim : (label: string) => paint.tone(tone, label);
  return { indent, width: labelWidth, mark };
}

/** A text beside the labels, `extra` spaces further in. */
function paragraph(text: string, page: Page, extra = 0): readonly string[] {
  const lines = wrap(text, page.columns - indent - labelWidth - extra);
  return lines.map((line) => `${' '.repeat(extra)}${line}`);
}
