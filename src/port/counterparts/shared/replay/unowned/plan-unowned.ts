import type { ViewEntry } from '../../../../../layer/index.ts';
import type { Draft } from '../draft.ts';
import { hasForeignCode } from '../files/plan-files.ts';
import { foldersOf } from '../folders.ts';
import { madeContent } from '../made-content.ts';
import type { FileDatabase } from '../types.ts';
import { MovedFolders } from './moved-folders.ts';
import { type SpecialFile, specialRule } from './special-files.ts';
import { isStaleBytecode } from './stale-bytecode.ts';

/**
 * Plans what no package owns: neutral files are kept, and so left alone here, but for those that stand in folders which
 * move, were made by tools for the old architecture, or are copies of packaged programs. Other machine code is left to
 * others.
 */
export function planUnowned(draft: Draft, database: FileDatabase, source: string): MovedFolders {
  const ruleOf = specialRule(source);
  const open = openFiles(draft, database);
  const copies = copiesOfPackaged(draft);
  const code = open.filter(({ entry }) => hasForeignCode(draft, entry));
  for (const there of code) planCopy(draft, there, copies);
  const moved = new MovedFolders(
    draft,
    database,
    code.filter(({ path }) => !draft.paths.has(path)),
  );
  for (const there of open) {
    if (!draft.isOpen(there)) continue;
    const rule = ruleOf(there.path);
    if (rule !== undefined) applyRule(draft, { there, rule, to: moved.newPlace(there.path) });
    else if (hasForeignCode(draft, there.entry)) continue;
    else if (isStaleBytecode(there.path, draft))
      draft.plan(there.path, {
        action: 'drop',
        why: 'compiled from a source that has other content or another path now',
      });
    else moveAlong(draft, there, moved.newPlace(there.path));
  }
  return moved;
}

/** Package databases have rules of their own. */
const databases = [
  'var/lib/dpkg/',
  'lib/apk/db/',
  'usr/lib/apk/db/',
  'var/lib/rpm/',
  'usr/lib/sysimage/rpm/',
];

/** Above the base, no directories, and nobody's. */
function openFiles(draft: Draft, database: FileDatabase): readonly ViewEntry[] {
  const open: ViewEntry[] = [];
  for (const there of draft.image.view.entries()) {
    if (there.entry.kind === 'directory' || !draft.isOpen(there)) continue;
    if (databases.some((folder) => there.path.startsWith(folder)) || database.ownersOf(there.path).length > 0)
      continue;
    open.push(there);
  }
  return open;
}

/** The plans of packages' programs, by their old content. */
function copiesOfPackaged(draft: Draft): ReadonlyMap<string, string> {
  const byContent = new Map<string, string>();
  for (const [path, plan] of draft.paths) {
    const sha256 = draft.image.view.lookup(path)?.entry.sha256;
    if (plan.action === 'replace' && plan.with.kind === 'file' && sha256 !== undefined)
      byContent.set(sha256, path);
  }
  return byContent;
}

function planCopy(draft: Draft, { path, entry }: ViewEntry, copies: ReadonlyMap<string, string>): void {
  const name = entry.sha256 === undefined ? undefined : copies.get(entry.sha256);
  const plan = name === undefined ? undefined : draft.paths.get(name);
  if (plan?.action !== 'replace') return;
  draft.plan(path, { action: 'replace', with: plan.with, why: `a copy of the packaged /${name}` });
}

function applyRule(
  draft: Draft,
  {
    there,
    rule,
    to,
  }: { readonly there: ViewEntry; readonly rule: SpecialFile; readonly to: string | undefined },
): void {
  const { path } = there;
  const { action, why } = rule;
  if (action === 'drop') draft.plan(path, { action, why });
  else if (action === 'move') moveAlong(draft, there, to);
  else respell(draft, there, { to, why });
}

function respell(
  draft: Draft,
  there: ViewEntry,
  { to, why }: { readonly to: string | undefined; readonly why: string },
): void {
  const { path } = there;
  const bytes = draft.image.view.content(there);
  if (bytes === undefined) {
    draft.refuse({
      path,
      kind: 'no-counterpart',
      undetermined: true,
      why: `${why}, but its content was not read`,
      lift: `Name a file for it with --replace /${path}=FILE.`,
      waivable: true,
    });
    return;
  }
  const text = Buffer.from(bytes).toString('latin1');
  const spelled = draft.spelling.text(text);
  if (spelled === text) {
    moveAlong(draft, there, to);
    return;
  }
  const content = madeContent(Buffer.from(spelled, 'latin1'), 'respelled');
  const place = to === undefined ? {} : { to };
  draft.plan(path, { action: 'replace', with: { kind: 'file', ...content }, ...place, why });
}

/** Nothing to do where its folder stays. */
function moveAlong(draft: Draft, { path }: ViewEntry, to: string | undefined): void {
  if (to === undefined) return;
  const folder = foldersOf(path)[0] ?? '';
  if (draft.isUsed(to))
    draft.plan(path, { action: 'drop', why: `the folder /${folder} moves, and a package has /${to} there` });
  else
    draft.plan(path, {
      action: 'rename',
      to,
      why: `the folder /${folder} has this name on the new architecture`,
    });
}
