import type { Constraint, ImageResult, ScanResult, Use, WorkloadResult } from '../results/index.ts';
import type { ReportOptions } from './format.ts';
import { groupImages, type ImageGroup } from './groups.ts';
import { hasBlockingConstraint } from './outcome.ts';
import { type Page as BasePage, joined, labelledLines, pageOf } from './page.ts';
import {
  describePlace,
  describeReadiness,
  describeRemedy,
  describeUse,
  firstEvidence,
  needsAttention,
  totalsOf,
} from './sentences.ts';
import { plainText, wrap } from './text.ts';

const usesShown = 3;
const indent = 4;
const labelWidth = 6;

interface Page extends BasePage {
  readonly platform: string;
}

/** The report for people: what they have to do, worst first, then workloads, unread files and the totals. */
export function renderTable(result: ScanResult, options: ReportOptions = {}): string {
  const page: Page = { ...pageOf(options), platform: plainText(result.platform) };
  return joined([
    ...groupImages(result).map((group) => imageSection(group, page)),
    workloadSection(result.workloads, page),
    problemSection(result, page),
    [page.paint.bold(totalsOf(result, options.failOn))],
  ]);
}

function imageSection(group: ImageGroup, page: Page): readonly string[] {
  const heading = page.paint.tone(group.tone, `${group.title} (${group.images.length})`);
  if (group.state === 'ready') {
    return page.all
      ? [heading, ...group.images.flatMap((image) => readyImage(image, page))]
      : [`${heading} ${page.paint.dim('--all lists them')}`];
  }
  return [heading, ...group.images.flatMap((image) => imageBlock(image, page))];
}

function readyImage(image: ImageResult, page: Page): readonly string[] {
  return page.detail ? imageBlock(image, page) : [`  ${plainText(image.reference)}`];
}

function imageBlock(image: ImageResult, page: Page): readonly string[] {
  const evidence = page.detail ? image.evidence.map(({ text }) => plainText(text)) : [];
  const why = evidence.length > 0 ? evidence : [firstEvidence(image)];
  return [
    `  ${page.paint.bold(plainText(image.reference))}`,
    ...why.flatMap((text) => labelled('why', text, page)),
    ...remedyLines(image, page),
    ...useLines(image.uses, page),
  ];
}

function useLines(uses: readonly Use[], page: Page): readonly string[] {
  const listed = page.detail ? uses : uses.slice(0, usesShown);
  const rest = uses.length - listed.length;
  const texts = [...listed.map(describeUse), ...(rest > 0 ? [`and ${rest} more`] : [])];
  return texts.flatMap((text, index) => labelled(index === 0 ? 'used' : '', text, page));
}

function remedyLines(image: ImageResult, page: Page): readonly string[] {
  const remedies = page.detail ? image.remedies : image.remedies.slice(0, 1);
  return remedies.flatMap((remedy) => {
    const action = describeRemedy(remedy);
    const why = plainText(remedy.why);
    if (action === '') return labelled('do', why, page);
    // A reference or command stays on one line, however long, so that it can be copied.
    return [...labelled('do', action, { ...page, columns: Infinity }), ...labelled('', why, page)];
  });
}

function labelled(label: string, text: string, page: Page): readonly string[] {
  const lines = wrap(text, page.columns - indent - labelWidth);
  return labelledLines(label, lines, { indent, width: labelWidth, mark: page.paint.dim });
}

function workloadSection(workloads: readonly WorkloadResult[], page: Page): readonly string[] {
  const shown = page.all ? workloads : workloads.filter(needsAttention);
  if (shown.length === 0) return [];
  const title = page.all
    ? `Workloads (${workloads.length})`
    : `Workloads that need attention (${shown.length} of ${workloads.length})`;
  return [page.paint.bold(title), ...shown.flatMap((workload) => workloadBlock(workload, page))];
}

function workloadBlock(workload: WorkloadResult, page: Page): readonly string[] {
  const constraints = workload.constraints.filter((constraint) => constraint.blocks || page.all);
  const state = workload.ready ? (hasBlockingConstraint(workload) ? '  images ready, but' : '  ready') : '';
  return [
    `  ${page.paint.bold(plainText(workload.name))}  ${page.paint.dim(describePlace(workload))}${state}`,
    ...workload.blockers.map(
      ({ reference, readiness }) => `    ${describeReadiness(readiness)}: ${plainText(reference)}`,
    ),
    ...constraints.flatMap((constraint) => constraintLines(constraint, page)),
  ];
}

function constraintLines(constraint: Constraint, page: Page): readonly string[] {
  const place =
    constraint.file === undefined && constraint.line === undefined ? '' : ` (${describePlace(constraint)})`;
  const effect = constraintEffect(constraint, page.platform);
  const text = `${describeConstraint(constraint)} ${effect}${place}`;
  return wrap(text, page.columns - 6).map((line, index) => `${index === 0 ? '    ' : '      '}${line}`);
}

const constraintName: Readonly<Record<Constraint['kind'], string>> = {
  'node-selector': 'nodeSelector',
  'node-affinity': 'nodeAffinity',
  platform: 'platform',
  'runtime-platform': 'runtimePlatform',
};

/** `nodeSelector kubernetes.io/arch: amd64`; some texts name their kind themselves (`platform: linux/amd64`). */
function describeConstraint({ kind, text }: Constraint): string {
  const [name, shown] = [constraintName[kind], plainText(text)];
  return shown.startsWith(name) ? shown : `${name} ${shown}`;
}

function constraintEffect(constraint: Constraint, platform: string): string {
  if (constraint.blocks) return `keeps it off ${platform}`;
  return constraint.required ? `allows ${platform}` : 'is a preference only';
}

function problemSection(result: ScanResult, page: Page): readonly string[] {
  if (result.problems.length === 0) return [];
  return [
    page.paint.tone('doubt', `Files that could not be read (${result.problems.length})`),
    ...result.problems.flatMap((problem) => [
      `  ${page.paint.bold(describePlace(problem))}`,
      ...wrap(plainText(problem.message), page.columns - 4).map((line) => `    ${line}`),
    ]),
  ];
}
