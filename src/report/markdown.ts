import type { ImageResult, Remedy, ScanResult, Use, WorkloadResult } from '../results/index.ts';
import type { ReportOptions } from './format.ts';
import { groupImages, type ImageGroup } from './groups.ts';
import { Budget } from './markdown-budget.ts';
import { code, prose, row } from './markdown-text.ts';
import {
  describeCheck,
  describePlace,
  describeReadiness,
  describeRemedy,
  firstEvidence,
  needsAttention,
  totalsOf,
} from './sentences.ts';

const usesShown = 3;

/**
 * The report for pull-request comments: totals first, then a table for each group. Rows that don't fit into a
 * comment are left out and counted.
 */
export function renderMarkdown(result: ScanResult, options: ReportOptions = {}): string {
  const budget = new Budget();
  const groups = groupImages(result).filter((group) => options.all || group.state !== 'ready');
  const sections = [
    `## ${code(result.platform)} readiness`,
    `**${prose(totalsOf(result, options.failOn))}**`,
    ...groups.map((group) => imageTable(group, budget)),
    workloadTable(result, budget, options.all ?? false),
    problemTable(result, budget),
  ];
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

function imageTable(group: ImageGroup, budget: Budget): string {
  return budget.table(
    prose(group.title),
    ['Image', 'Why', 'What to do', 'Used in'],
    group.images.map((image) =>
      row([
        code(image.reference),
        prose(firstEvidence(image)),
        remedyCell(image.remedies[0]),
        usesCell(image),
      ]),
    ),
  );
}

function remedyCell(remedy: Remedy | undefined): string {
  if (remedy === undefined) return '';
  const why = prose(remedy.why);
  if (remedy.reference !== undefined) {
    return `use ${code(remedy.reference)} (${prose(describeCheck(remedy))}): ${why}`;
  }
  if (remedy.command !== undefined) return `run ${code(remedy.command)}: ${why}`;
  const action = describeRemedy(remedy);
  return action === '' ? why : `${prose(action)}: ${why}`;
}

function usesCell(image: ImageResult): string {
  const listed = image.uses.slice(0, usesShown).map(useCell).join(', ');
  const rest = image.uses.length - usesShown;
  return rest > 0 ? `${listed} and ${rest} more` : listed;
}

function useCell(use: Use): string {
  const place = code(describePlace(use));
  return use.workload === undefined ? place : `${place} (${prose(use.workload)})`;
}

function workloadTable(result: ScanResult, budget: Budget, all: boolean): string {
  const shown = all ? result.workloads : result.workloads.filter(needsAttention);
  if (shown.length === 0) return '';
  return budget.table(
    all ? 'Workloads' : 'Workloads that need attention',
    ['Workload', 'Where', 'Images in the way', 'Kept off by'],
    shown.map(workloadRow),
  );
}

function workloadRow(workload: WorkloadResult): string {
  const blockers = workload.blockers.map(
    ({ reference, readiness }) => `${code(reference)} ${describeReadiness(readiness)}`,
  );
  const constraints = workload.constraints
    .filter((constraint) => constraint.blocks)
    .map((constraint) => `${code(constraint.text)} (${code(describePlace(constraint))})`);
  return row([
    prose(workload.name),
    code(describePlace(workload)),
    blockers.join('<br>'),
    constraints.join('<br>'),
  ]);
}

function problemTable(result: ScanResult, budget: Budget): string {
  if (result.problems.length === 0) return '';
  return budget.table(
    'Files that could not be read',
    ['File', 'Problem'],
    result.problems.map((problem) => row([code(describePlace(problem)), prose(problem.message)])),
  );
}
