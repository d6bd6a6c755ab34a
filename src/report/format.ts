import type { ScanResult } from '../results/index.ts';
import type { FailOn } from './outcome.ts';

/** How a report is drawn. Formats for programs ignore what they have no use for. */
export interface ReportOptions {
  /** Width in characters that lines should keep to; 100 where nothing is said. Nothing is cut to fit. */
  readonly columns?: number;
  /** Terminal colours; off where nothing is said. */
  readonly color?: boolean;
  /** Lists what is ready too, which is only counted otherwise. */
  readonly all?: boolean;
  /** Every use, every piece of evidence and every remedy, not just the first ones. */
  readonly detail?: boolean;
  /** The policy that the last line is about; see `outcomeOf`. */
  readonly failOn?: readonly FailOn[];
}

/** A report format. Adding one is a file with a `render` and one line in `formats.ts`. */
export interface ReportFormat {
  readonly name: string;
  /** For `--help`. */
  readonly description: string;
  render(result: ScanResult, options: ReportOptions): string;
}
