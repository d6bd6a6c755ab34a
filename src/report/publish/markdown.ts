import type { PublishResult } from '../../results/index.ts';
import type { Drawing } from '../format.ts';
import { Budget } from '../markdown-budget.ts';
import { code, prose, row } from '../markdown-text.ts';
import { describeSize } from '../text.ts';
import { describeAction, describeIndex, publishTotalsOf } from './sentences.ts';

/** The same for pull-request comments. Rows that don't fit into a comment are left out and counted. */
export function renderPublishMarkdown(result: PublishResult, drawing: Drawing = {}): string {
  const budget = new Budget();
  const { destination, index, previous, why } = result;
  const sections = [
    `## ${code(destination)} ${result.outcome}`,
    `**${prose(publishTotalsOf(result))}**`,
    prose(why),
    [
      `- index: ${code(index.digest)} (${prose(describeIndex(result))})`,
      ...(previous === undefined ? [] : [`- before: ${code(previous)}`]),
    ].join('\n'),
    budget.table('Images', ['Platform', 'Digest', 'Source', 'Audit', 'Why'], imageRows(result)),
    optional(budget, ['Referrers', ['Digest', 'Of', 'Type', 'Source']], referrerRows(result)),
    optional(budget, ['Left out', ['Digest', 'Platform', 'Source', 'Why']], omittedRows(result)),
    drawing.all === true
      ? optional(budget, ['Blobs', ['Digest', 'Size', 'What became of it']], blobRows(result))
      : '',
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

function imageRows({ images }: PublishResult): readonly string[] {
  return images.map(({ platform, digest, source, kept, audit }) =>
    row([prose(platform), code(digest), kept ? 'kept' : code(source), audit.state, prose(audit.why)]),
  );
}

function referrerRows({ referrers }: PublishResult): readonly string[] {
  return referrers.map(({ digest, subject, artifactType = '', source }) =>
    row([code(digest), code(subject), code(artifactType), code(source)]),
  );
}

function omittedRows({ omitted }: PublishResult): readonly string[] {
  return omitted.map(({ digest, platform = '', source, why }) =>
    row([code(digest), prose(platform), code(source), prose(why)]),
  );
}

function blobRows(result: PublishResult): readonly string[] {
  return result.blobs.map(({ digest, size, action }) =>
    row([code(digest), describeSize(size), describeAction(action, result)]),
  );
}
