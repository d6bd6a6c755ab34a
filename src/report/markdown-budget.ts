import { head } from './markdown-text.ts';
import { count } from './text.ts';

// GitHub refuses comments over 65,536 characters; the rest is room for the headings and the totals.
const maxRowsLength = 56_000;

/** Hands out characters until there are none; what came too late is counted, not shown. */
export class Budget {
  #left = maxRowsLength;

  table(title: string, columns: readonly string[], rows: readonly string[]): string {
    const kept = rows.filter((line) => this.#take(line));
    const hidden = rows.length - kept.length;
    return [
      `### ${title} (${rows.length})`,
      '',
      ...(kept.length === 0 ? [] : head(columns)),
      ...kept,
      ...(hidden === 0 ? [] : ['', `${count(hidden, 'row')} left out to fit a comment.`]),
    ].join('\n');
  }

  #take(line: string): boolean {
    if (line.length + 1 > this.#left) return false;
    this.#left -= line.length + 1;
    return true;
  }
}
