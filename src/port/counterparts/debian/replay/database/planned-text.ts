import type { Draft } from '../../../shared/replay/draft.ts';
import { madeContent } from '../../../shared/replay/made-content.ts';

/** Plans a file of the database whose text changes; one that stays as it is needs no plan, unless it moves. */
export function planText(
  draft: Draft,
  path: string,
  {
    before,
    now,
    to,
  }: { readonly before: Uint8Array; readonly now: Uint8Array; readonly to?: string | undefined },
): void {
  const there = draft.image.view.lookup(path);
  if (there?.entry.kind !== 'file' || !draft.isOpen(there)) return;
  const isSame = Buffer.compare(before, now) === 0;
  const why = 'it names what is of the old architecture';
  if (!isSame) {
    const place = to === undefined ? {} : { to };
    draft.plan(path, {
      action: 'replace',
      with: { kind: 'file', ...madeContent(now, 'respelled') },
      ...place,
      why,
    });
  } else if (to !== undefined) draft.plan(path, { action: 'rename', to, why });
}
