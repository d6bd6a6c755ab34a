import { ArmloadError } from '../core/index.ts';

/** One thing that is wrong in a document. Lines and columns count from 1. */
export interface DocumentProblem {
  readonly line?: number;
  readonly column?: number;
  /** The member, `steps.build.run`; empty for the document. */
  readonly member: string;
  /** A sentence without the place. */
  readonly message: string;
}

/** A document that is no YAML, or not what its schema says. Every problem is in `problems`. */
export class DocumentError extends ArmloadError<'DOCUMENT_MALFORMED' | 'DOCUMENT_INVALID'> {
  readonly file: string;
  readonly problems: readonly DocumentProblem[];

  constructor(
    code: 'DOCUMENT_MALFORMED' | 'DOCUMENT_INVALID',
    file: string,
    { problems, hint, cause }: { problems: readonly DocumentProblem[]; hint?: string; cause?: unknown },
  ) {
    super(code, sentenceOf(file, problems), { hint, cause, facts: { file, problems } });
    this.file = file;
    this.problems = problems;
  }
}

/** Above this many, problems are counted. */
const shownProblems = 10;

function sentenceOf(file: string, problems: readonly DocumentProblem[]): string {
  const shown = problems
    .slice(0, shownProblems)
    .map((problem) => `${placeOf(file, problem)}: ${problem.message}`);
  const more = problems.length - shown.length;
  return [...shown, ...(more > 0 ? [`and ${more} more`] : [])].join('\n');
}

function placeOf(file: string, { line }: DocumentProblem): string {
  return line === undefined ? file : `${file}:${line}`;
}
