import type { AuditInHand, ForeignCode } from '../../audit/index.ts';
import type { MergedView } from '../../layer/index.ts';
import type { Platform } from '../../oci/index.ts';
import type { ImageAudit } from '../../results/index.ts';
import type { ConfigProblem } from '../config/index.ts';
import type { Refusal } from '../origin-types.ts';
import { guessOrigin } from './guess-origin.ts';
import type { Waivers } from './waivers.ts';

export interface Judged {
  /** The new image's files. */
  readonly view: MergedView;
  readonly target: Platform;
  readonly waivers: Waivers;
  /** Is it in place of a file of the old base, whose counterpart has another path? Then that one is no twin of it. */
  readonly isOverride: (path: string) => boolean;
  /** Paths whose foreign code the source of their content has there for the target too. */
  readonly vouched: ReadonlySet<string>;
}

/**
 * What the audit of the new image speaks against publishing it: machine code of other machines that is used or may be,
 * file by file, and everything else that keeps it from being right.
 */
export function auditRefusals(
  { audit, foreign }: Pick<AuditInHand, 'audit' | 'foreign'>,
  { view, target, waivers, isOverride, vouched }: Judged,
): readonly Refusal[] {
  const used = foreign.flatMap((code): readonly ForeignCode[] => {
    const isVouched = code.verdict === 'unknown' && vouched.has(code.entry.path);
    if (code.verdict === 'reachable' || code.verdict === 'unknown') return isVouched ? [] : [code];
    const isLost = view.links(code.entry.path).some(isOverride);
    return isLost ? [{ ...code, because: lostWhy }] : [];
  });
  const refusals = usedCode(used, { view, target });
  const left = waivers.left(refusals);
  if (left.length > 0) return left;
  if (audit.verdict === 'right') return [];
  // With waived or vouched code in it an image is mixed, and that is what was decided; of what was not read nothing was.
  const isExpected = used.length > 0 || foreign.some(({ entry }) => vouched.has(entry.path));
  if (audit.verdict === 'mixed' && isExpected) return unreadRefusals(view);
  return [verdictRefusal(audit)];
}

const lostWhy =
  "It takes the place of a file of the old base; on the new architecture the new base's own would be used instead of it.";

/** Notes on files that were not looked at. */
const unread: ReadonlySet<string> = new Set(['inspection-failed', 'sparse-too-large']);

function unreadRefusals({ layers }: MergedView): readonly Refusal[] {
  return layers
    .flatMap(({ notes }) => notes.filter(({ kind }) => unread.has(kind)))
    .map(({ path, text }) => ({
      ...(path === undefined ? {} : { path }),
      kind: 'audit',
      undetermined: true,
      why: `what was not read may hold machine code of any machine: ${text}`,
      lift: 'Only a file that can be read can be judged; build the image without it.',
      waivable: false,
    }));
}

/** With the finding that says most: what doesn't start, and what is missing. */
function verdictRefusal({ verdict, why, findings }: ImageAudit): Refusal {
  const worst = findings.find(({ severity }) => severity === 'error');
  const { path, found } = worst ?? {};
  return {
    kind: 'audit',
    ...(path === undefined ? {} : { path: path.replace(/^\//, '') }),
    ...(verdict === 'unknown' ? { undetermined: true as const } : {}),
    why: `the audit of the new image says ${verdict}: ${found === undefined ? '' : `${found}: `}${why}`,
    lift: 'The findings of the audit name the paths; replace what is missing with --replace, or build from source.',
    waivable: false,
  };
}

/** One for each file, whatever number of pieces of code is in it. */
function usedCode(
  used: readonly ForeignCode[],
  image: { readonly view: MergedView; readonly target: Platform },
): readonly Refusal[] {
  const byPath = new Map<string, ForeignCode[]>();
  for (const code of used) {
    const known = byPath.get(code.entry.path);
    if (known === undefined) byPath.set(code.entry.path, [code]);
    else known.push(code);
  }
  return [...byPath].map(([path, [first, ...others]]) => codeRefusal(path, first, { ...image, others }));
}

function codeRefusal(
  path: string,
  code: ForeignCode | undefined,
  { view, target, others }: { view: MergedView; target: Platform; others: readonly ForeignCode[] },
): Refusal {
  const inner = code?.innerPath === undefined || code.innerPath === '' ? '' : ` in ${code.innerPath}`;
  const more = others.length === 0 ? '' : ` (and ${others.length} more pieces of such code)`;
  const guess = code === undefined ? undefined : guessOrigin(code.entry, view);
  return {
    path,
    kind: 'no-counterpart',
    ...(guess === undefined ? {} : { guess: guess.text }),
    why: `machine code for ${code?.os}/${code?.architecture}${inner}${more}: ${code?.because}`,
    lift: `${guess?.lift ?? `Name a file for ${target.os}/${target.architecture} with --replace /${path}=FILE`}, or waive it with a reason: --waive /${path}=REASON.`,
    waivable: true,
  };
}

/** What the merge of configs could not carry over. */
export function configRefusals(problems: readonly ConfigProblem[]): readonly Refusal[] {
  return problems
    .filter(({ kind }) => kind === 'missing-path')
    .map(({ member, value, why }) => ({
      path: value.replace(/^\/+/, ''),
      kind: 'config',
      why: `${member} names ${value}: ${why}`,
      lift: `Put it there with --replace, or accept it: --waive ${value}=REASON.`,
      waivable: true,
    }));
}
