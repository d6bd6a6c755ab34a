import { ArmloadError, isAbort, messageOf, redact, UsageError } from '../core/index.ts';
import { DocumentError } from '../document/index.ts';
import { plainText } from '../report/index.ts';
import { type Io, writeText } from './io.ts';

const exitCodes = { undetermined: 2, usage: 3, interrupted: 130 } as const;
const maxCauses = 8;
const usageCodes: ReadonlySet<string> = new Set([
  'REFERENCE_INVALID',
  'PRODUCT_UNKNOWN',
  'VERSION_INVALID',
  'CATALOG_INVALID',
  'CATALOG_UNREADABLE',
  // Of recipes: what's written in them, and what they're given.
  'DOCUMENT_MALFORMED',
  'DOCUMENT_INVALID',
  'EXPRESSION_MALFORMED',
  'PLAN_INVALID',
  'PLAN_TOO_LARGE',
  'PATH_OUTSIDE',
  'PATTERN_MALFORMED',
  'SOURCE_MISSING',
  'SOURCE_CHANGED',
  'SECRET_MISSING',
  'NOT_EXPORTABLE',
]);

export interface FailureOptions {
  readonly io: Io;
  /** Shows codes, causes and, for faults of armload itself, the stack. */
  readonly verbose: boolean;
}

/** Tells the person what went wrong, on stderr, and resolves to the exit code. */
export async function reportFailure(thrown: unknown, options: FailureOptions): Promise<number> {
  const { io, verbose } = options;
  const failure = classify(thrown, io.signal.aborted);
  const lines = [
    `armload: ${sentencesOf(thrown, failure).map(plainText).join('\n  ')}`,
    ...(failure.hint === undefined ? [] : [`  ${plainText(failure.hint)}`]),
    ...(verbose && failure.code !== exitCodes.interrupted ? detailsOf(thrown) : []),
  ];
  // Where even stderr is gone there is nobody left to tell.
  await writeText(io.stderr, `${lines.join('\n')}\n`).catch(() => {});
  return failure.code;
}

interface Failure {
  readonly code: number;
  readonly sentence: string;
  readonly hint?: string | undefined;
}

function classify(thrown: unknown, aborted: boolean): Failure {
  if (aborted && !(thrown instanceof UsageError)) {
    return { code: exitCodes.interrupted, sentence: 'interrupted; no result was written' };
  }
  if (thrown instanceof ArmloadError) {
    const isUsage = thrown instanceof UsageError || usageCodes.has(thrown.code);
    return {
      code: isUsage ? exitCodes.usage : exitCodes.undetermined,
      sentence: thrown.message,
      hint: thrown.hint,
    };
  }
  return {
    code: exitCodes.undetermined,
    sentence: `this is a bug in armload: ${messageOf(thrown)}`,
    hint: isAbort(thrown)
      ? 'Something gave up waiting and did not say what. Please report it with the command you ran.'
      : 'Please report it with the command you ran; --verbose shows where it happened.',
  };
}

/** Several problems of one document are a line each. */
function sentencesOf(thrown: unknown, { sentence, code }: Failure): readonly string[] {
  if (code !== exitCodes.usage || !(thrown instanceof Error)) return [sentence];
  const document = [thrown, thrown.cause].find((one) => one instanceof DocumentError);
  return document?.sentences ?? [sentence];
}

function detailsOf(thrown: unknown): readonly string[] {
  const code = thrown instanceof ArmloadError ? [`  code: ${thrown.code}`] : stackOf(thrown);
  return [...code, ...causesOf(thrown).map((cause) => `  caused by: ${describe(cause)}`)];
}

function stackOf(thrown: unknown): readonly string[] {
  if (!(thrown instanceof Error) || thrown.stack === undefined) return [];
  return redact(thrown.stack)
    .split('\n')
    .slice(1)
    .map((line) => `  ${plainText(line)}`);
}

/** The chain of causes, and what an AggregateError gathers (a connection tried over several addresses). */
function causesOf(thrown: unknown): readonly unknown[] {
  const found: unknown[] = [];
  const waiting = childrenOf(thrown);
  while (waiting.length > 0 && found.length < maxCauses) {
    const next = waiting.shift();
    found.push(next);
    waiting.unshift(...childrenOf(next));
  }
  return found;
}

function childrenOf(thrown: unknown): unknown[] {
  if (!(thrown instanceof Error)) return [];
  const gathered: unknown[] = thrown instanceof AggregateError ? thrown.errors : [];
  return thrown.cause === undefined ? [...gathered] : [thrown.cause, ...gathered];
}

function describe(cause: unknown): string {
  const code = cause instanceof Error ? (cause as NodeJS.ErrnoException).code : undefined;
  const message = messageOf(cause);
  return plainText(code === undefined || message.includes(code) ? message : `${message} (${code})`);
}
