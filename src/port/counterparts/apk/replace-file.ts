import type { NewState, Replayed } from '../shared/packages/manager.ts';
import type { FileParts } from '../shared/replay/file-parts.ts';
import { madeContent } from '../shared/replay/made-content.ts';
import type { Standing } from '../shared/replay/standings.ts';
import type { ApkPackage } from './database.ts';
import type { FetchedApk } from './fetched.ts';

export type ApkState = NewState<ApkPackage, FetchedApk>;
export type ApkStanding = Standing<ApkPackage, Replayed<ApkPackage, FetchedApk>>;

/** Plans new bytes for a file of the database that is above the base. */
export function replaceFile({ draft }: FileParts, path: string, bytes: Uint8Array, why: string): void {
  const there = draft.image.view.lookup(path);
  if (there?.entry.kind !== 'file' || !draft.isOpen(there)) return;
  const content = madeContent(bytes, 'regenerated');
  if (content.sha256 === there.entry.sha256) return;
  draft.plan(path, { action: 'replace', with: { kind: 'file', ...content }, why });
}
