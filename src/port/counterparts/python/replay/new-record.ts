import { posix } from 'node:path';
import { compareText } from '../../../../core/index.ts';
import type { NewContent, PathPlan } from '../../../plan-types.ts';
import type { Distribution, InstalledFile } from '../installed/types.ts';
import { formatRecord, type RecordLine, recordHash } from '../record.ts';
import { madeContent } from './contents.ts';
import type { Pair } from './pairing.ts';

export interface RecordParts {
  readonly pairs: readonly Pair[];
  /** What becomes of the distribution's paths. */
  readonly paths: ReadonlyMap<string, PathPlan>;
  /** New content by the path of the old file, and of what is added by its own. */
  readonly contents: ReadonlyMap<string, NewContent>;
  readonly added: readonly string[];
  /** Paths that others give new content to. */
  readonly taken: ReadonlySet<string>;
}

/** The RECORD of what is installed when the plan is carried out, the lines that stay in their order and as they were. */
export function newRecord(installed: Distribution, parts: RecordParts): NewContent {
  const { site, files, lineEnd } = installed;
  const pairs = new Map(parts.pairs.map((pair) => [pair.path, pair]));
  const lines = files.flatMap((one) => lineOf(one, { site, pair: pairs.get(one.path ?? ''), parts }));
  for (const place of [...parts.added].sort(compareText)) {
    const content = parts.contents.get(place);
    if (content !== undefined) lines.push(lineFor(posix.relative(`/${site}`, `/${place}`), content));
  }
  return madeContent(Buffer.from(formatRecord(lines, lineEnd)), 'regenerated');
}

function lineOf(
  { line, path, there }: InstalledFile,
  {
    site,
    pair,
    parts,
  }: { readonly site: string; readonly pair: Pair | undefined; readonly parts: RecordParts },
): readonly RecordLine[] {
  if (path === undefined) return [line];
  // Somebody deleted it; what only the old wheel has isn't missed any more.
  if (there === undefined) return missingLine(line, pair);
  const plan = parts.paths.get(path);
  if (plan?.action === 'drop') return [];
  const to = plan !== undefined && 'to' in plan ? plan.to : undefined;
  const name = to === undefined || to === path ? line.path : posix.relative(`/${site}`, `/${to}`);
  const content = plan?.action === 'replace' ? parts.contents.get(path) : undefined;
  if (content !== undefined) return [lineFor(name, content)];
  return parts.taken.has(path) ? [{ path: name, hash: '', size: '' }] : [{ ...line, path: name }];
}

function missingLine(line: RecordLine, pair: Pair | undefined): readonly RecordLine[] {
  if (pair === undefined) return [line];
  const { target, path } = pair;
  return target === undefined || target.place !== path ? [] : [lineFor(line.path, target.file)];
}

function lineFor(path: string, { sha256, size }: Pick<NewContent, 'sha256' | 'size'>): RecordLine {
  return { path, hash: recordHash(sha256), size: String(size) };
}
