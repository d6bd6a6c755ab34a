import { formatPlatform } from '../oci/index.ts';
import type { AuditVerdict, EntryResult, Finding, Label, UnknownReason } from '../results/index.ts';
import { entryFindings, entryResults, traceEntries } from './entry/index.ts';
import { hostFactFindings } from './facts/index.ts';
import { inOrder } from './finding.ts';
import { codeByArchitecture, foreignFindings, judgeForeign } from './foreign/index.ts';
import { type Claims, judgeLabel, type LabelJudgement } from './label.ts';
import { closureFindings, createLoader } from './loader/index.ts';
import { noteFindings } from './notes.ts';
import type { EntryTrace, ForeignCode, Subject } from './types.ts';

/** The verdict, with a reason where it is `unknown`. */
interface Conclusion {
  readonly verdict: AuditVerdict;
  readonly reason?: UnknownReason;
  readonly why: string;
}

/** What the bytes of one platform's image say. */
export interface Examination extends Conclusion {
  readonly label: Label;
  readonly entries: readonly EntryResult[];
  /** Worst first. */
  readonly findings: readonly Finding[];
  readonly traces: readonly EntryTrace[];
  readonly foreign: readonly ForeignCode[];
}

/** Examines an image that was read: no input or output, so that ports can ask before they publish. */
export function examine(subject: Subject, claims: Claims): Examination {
  const traces = traceEntries(subject);
  const loader = createLoader(subject);
  const foreign = judgeForeign(subject, { traces, loader });
  const code = codeByArchitecture(subject, foreign);
  const judgement = judgeLabel(subject, { claims, traces, foreign, code });
  const findings = inOrder([
    ...labelFindings(subject, claims, judgement),
    ...entryFindings(subject, traces),
    ...closureFindings(subject, { traces, loader }),
    ...foreignFindings(subject, foreign),
    ...hostFactFindings(subject, { traces, loader }),
    ...noteFindings(subject),
  ]);
  return {
    ...verdictOf(judgement, { findings, foreign }),
    label: judgement.label,
    entries: entryResults(subject, traces),
    findings,
    traces,
    foreign,
  };
}

/** The documents' own contradiction, as a finding about no path. */
function labelFindings(
  { platform }: Subject,
  { index, config }: Claims,
  { verdict, why, label }: LabelJudgement,
): Finding[] {
  if (verdict !== 'mislabelled' && verdict !== 'metadata-wrong') return [];
  const says = [
    ...(index === undefined ? [] : [`the index says ${formatPlatform(index)}`]),
    config === undefined ? 'the config says no platform' : `the config says ${formatPlatform(config)}`,
  ];
  return [
    {
      kind: verdict,
      severity: verdict === 'mislabelled' ? 'error' : 'warning',
      found: `${label.bytes === undefined ? 'no machine code' : `${label.bytes} machine code`}; ${says.join(', ')}`,
      expected: `${formatPlatform(platform)} in bytes and documents`,
      why,
    },
  ];
}

/** Kinds of errors that keep a right image from starting. */
const startErrors: ReadonlySet<string> = new Set([
  'entry-not-found',
  'entry-not-executable',
  'entry-exec-format',
  'entry-interpreter-not-found',
  'missing-loader',
  'foreign-loader',
  'missing-library',
  'foreign-library',
  'missing-version',
]);

function verdictOf(
  { verdict, why }: LabelJudgement,
  { findings, foreign }: { readonly findings: readonly Finding[]; readonly foreign: readonly ForeignCode[] },
): Conclusion {
  if (verdict === 'mislabelled') return { verdict, why };
  const broken = findings.find(({ kind, severity }) => severity === 'error' && startErrors.has(kind));
  if (broken !== undefined) return { verdict: 'broken', why: `it doesn't start: ${broken.why}` };
  const used = foreign.filter((code) => code.verdict === 'reachable');
  if (used.length > 0) return { verdict: 'mixed', why: mixedWhy(used) };
  const unknown = findings.filter((finding) => finding.verdict === 'unknown' && finding.severity !== 'note');
  const suspected = unknown.filter(({ kind }) => kind !== 'not-inspected');
  if (suspected.length > 0) {
    const paths = suspected.length === 1 ? '1 file' : `${suspected.length} files`;
    return {
      verdict: 'mixed',
      why: `what it starts is right, but ${paths} of other machines may be used: ${suspected[0]?.path ?? ''}`,
    };
  }
  const [unread] = unknown;
  if (unread !== undefined) {
    const what = `${unread.path ?? ''}: ${unread.found}`;
    return {
      verdict: 'unknown',
      reason: 'too-large',
      why: `what it starts is right, but not all of it could be looked at: ${what}`,
    };
  }
  return { verdict: verdict === 'metadata-wrong' ? verdict : 'right', why };
}

function mixedWhy(used: readonly ForeignCode[]): string {
  const files = new Set(used.map(({ entry }) => entry.path));
  const [first] = files;
  const counted = files.size === 1 ? 'a file' : `${files.size} files`;
  return `what it starts is right, but ${counted} of other machines ${files.size === 1 ? 'is' : 'are'} used: /${first}`;
}
