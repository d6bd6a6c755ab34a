import type { BuildResult, RunList } from '../../results/index.ts';
import type { Drawing } from '../format.ts';
import { Budget } from '../markdown-budget.ts';
import { code, prose, row } from '../markdown-text.ts';
import { describeSize } from '../text.ts';
import { buildTotalsOf, describeTime, nextCommand, runsTotalsOf } from './sentences.ts';

/** The same for pull-request comments. Rows that don't fit into a comment are left out and counted. */
export function renderBuildMarkdown(result: BuildResult, _drawing: Drawing = {}): string {
  const budget = new Budget();
  const next = nextCommand(result);
  const sections = [
    `## ${code(result.run)} ${result.state}`,
    `**${prose(buildTotalsOf(result))}**`,
    prose(result.why ?? ''),
    failure(result),
    budget.table('Steps', ['Step', 'State', 'Time', 'Why'], stepRows(result)),
    optional(budget, ['Sources', ['Source', 'State', 'Commit or content']], sourceRows(result)),
    optional(budget, ['Checks', ['Check', 'State', 'Why']], checkRows(result)),
    optional(budget, ['Images', ['Image', 'Platform', 'Size', 'Audit', 'Published']], imageRows(result)),
    next === '' ? '' : `Go on with ${code(next)}`,
  ];
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

/** All runs as a table. */
export function renderRunsMarkdown(list: RunList, _drawing: Drawing = {}): string {
  const budget = new Budget();
  const rows = list.runs.map((run) =>
    row([
      code(run.run),
      run.state,
      `${run.progress.done}/${run.progress.total}`,
      code(run.executor),
      prose(run.why ?? ''),
    ]),
  );
  const problems = list.problems.map(({ run, message }) => row([code(run), prose(message)]));
  const sections = [
    `**${prose(runsTotalsOf(list))}**`,
    optional(budget, ['Runs', ['Run', 'State', 'Steps', 'On', 'Why']], rows),
    optional(budget, ['Unreadable', ['Run', 'Why']], problems),
  ];
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

function failure({ failure: failed }: BuildResult): string {
  if (failed === undefined) return '';
  const { message, command, hint, lines } = failed;
  return [
    `- ${prose(message)}`,
    ...(command === undefined ? [] : [`- command: ${code(command.replaceAll('\n', ' '))}`]),
    ...(hint === undefined ? [] : [`- ${prose(hint)}`]),
    ...lines.slice(-5).map((line) => `- ${code(line)}`),
  ].join('\n');
}

function stepRows({ steps }: BuildResult): readonly string[] {
  return steps.map((step) =>
    row([code(step.id), step.state, prose(describeTime(step)), prose(step.why ?? '')]),
  );
}

function sourceRows({ sources }: BuildResult): readonly string[] {
  return sources.map(({ name, state, commit, content }) =>
    row([code(name), state, code(commit ?? content ?? '')]),
  );
}

function checkRows({ checks }: BuildResult): readonly string[] {
  return checks.map(({ title, state, why = '' }) => row([prose(title), state, prose(why)]));
}

function imageRows({ images }: BuildResult): readonly string[] {
  return images.map(({ reference, platform, size, audit, publish }) =>
    row([
      code(reference),
      prose(platform),
      describeSize(size),
      prose(audit === undefined ? '' : `${audit.verdict}: ${audit.why}`),
      publish
        .flatMap(({ reference: to, digest }) =>
          to === undefined ? [] : [`${code(to)} ${code(digest ?? '')}`],
        )
        .join(', '),
    ]),
  );
}

function optional(
  budget: Budget,
  [title, columns]: readonly [string, readonly string[]],
  rows: readonly string[],
): string {
  return rows.length === 0 ? '' : budget.table(title, columns, rows);
}
