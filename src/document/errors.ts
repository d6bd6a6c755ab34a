import { ArmloadError, redact } from '../core/index.ts';

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
  /** The message, a sentence a problem. */
  readonly sentences: readonly string[];

  constructor(
    code: 'DOCUMENT_MALFORMED' | 'DOCUMENT_INVALID',
    file: string,
    { problems, hint, cause }: { problems: readonly DocumentProblem[]; hint?: string; cause?: unknown },
  ) {
    super(code, sentencesOf(file, problems).join('\n'), { hint, cause, facts: { file, problems } });
    this.file = file;
    this.problems = problems;
    this.sentences = sentencesOf(file, problems);
  }
}

/** Above this many, problems are counted. */
const shownProblems = 10;

function sentencesOf(file: string, problems: readonly DocumentProblem[]): readonly string[] {
  const shown = problems
    .slice(0, shownProblems)
    .map((problem) => `${placeOf(file, problem)}: ${problem.message}`);
  const more = problems.length - shown.length;
  return [...shown, ...(more > 0 ? [`and ${more} more`] : [])].map(redact);
}

function placeOf(file: string, { line }: DocumentProblem): string {
  return line === undefined ? file : `${file}:${line}`;
}
