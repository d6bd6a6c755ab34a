import type { LayerEntry } from '../../../layer/index.ts';
import type { CopyUpPlan, PathPlan, Replacement, ReplacePlan } from '../../plan-types.ts';
import type { Draft } from './draft.ts';
import { baseLayer, type Inode } from './tree.ts';

/** Names the content that a placement has: the source's own, or one from elsewhere. */
export function keyOf(content: Replacement | undefined): string {
  if (content === undefined) return 'source';
  return content.kind === 'file' ? `file:${content.sha256}` : `symlink:${content.linkName}`;
}

/** What the plan puts in an entry's place; `undefined` for nothing, `refused` where it can't. */
export function replacementFor(
  draft: Draft,
  entry: LayerEntry,
  { item, inode }: { readonly item: PathPlan; readonly inode: Inode },
): Replacement | 'refused' | undefined {
  if (item.action === 'copy-up') return copyUp(draft, entry, { item, inode }) ?? 'refused';
  if (item.action !== 'replace') return undefined;
  const problem = problemOf(item, inode.entry);
  if (problem === undefined) return item.with;
  draft.refuse(entry.path, problem);
  return 'refused';
}

function copyUp(
  draft: Draft,
  entry: LayerEntry,
  { item, inode }: { readonly item: CopyUpPlan; readonly inode: Inode },
): Replacement | undefined {
  const { input, copies } = draft.space;
  const ofOldBase = entry.kind === 'hardlink' && inode.layer === baseLayer ? entry.linkName : undefined;
  const from = item.from ?? ofOldBase ?? entry.path;
  const found = input.base.resolve(from, { followLast: false });
  if (!found.found)
    return draft.refuse(entry.path, `its content is to come from /${from}, which the new base lacks`);
  const { kind, linkName } = found.entry.entry;
  if (kind !== inode.entry.kind)
    return draft.refuse(
      entry.path,
      `it is a ${inode.entry.kind}, but the new base's /${from}, which its content is to come from, is a ${kind}`,
    );
  if (kind === 'symlink' && linkName !== undefined)
    return { kind, linkName, origin: `the new base's /${found.entry.path}` };
  if (kind !== 'file') return draft.refuse(entry.path, `a ${kind} has no content to copy`);
  const content = copies.want(found.entry);
  if (content === undefined)
    return draft.refuse(entry.path, `the content of the new base's /${from} was never read`);
  return { kind: 'file', ...content };
}

function problemOf({ with: content }: ReplacePlan, replaced: LayerEntry): string | undefined {
  if (content.kind === 'symlink')
    return content.linkName === '' ? 'it is to become a link to nowhere' : undefined;
  if (!/^[0-9a-f]{64}$/.test(content.sha256)) return 'the hash of its new content is no sha256';
  if (!Number.isSafeInteger(content.size) || content.size < 0) return 'its new content has no usable size';
  if (replaced.kind !== 'file' && content.mode === undefined)
    return `it is a ${replaced.kind} and is to become a file, but the plan gives no mode`;
  return undefined;
}

/** The replaced file's owner, rights and attributes with the new content. */
export function replacedEntry(
  replaced: LayerEntry,
  content: Replacement,
  at: { readonly path: string; readonly mtime: number | undefined },
): LayerEntry {
  const { uid, gid, xattrs } = replaced;
  const { path } = at;
  const mtime = at.mtime ?? replaced.mtime;
  if (content.kind === 'symlink') {
    const { linkName } = content;
    return { path, kind: 'symlink', mode: 0o777, uid, gid, size: 0, mtime, linkName };
  }
  const { size, sha256, facts } = content;
  const mode = content.mode ?? replaced.mode;
  const inherited = replaced.kind === 'file' && xattrs !== undefined ? { xattrs } : {};
  const known = facts === undefined ? {} : { facts };
  return { path, kind: 'file', mode, uid, gid, size, mtime, sha256, ...inherited, ...known };
}
