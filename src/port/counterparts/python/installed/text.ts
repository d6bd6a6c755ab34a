import type { MergedView } from '../../../../layer/index.ts';

/** The text of a file whose content was read; `undefined` where it's not there, or was not. */
export function textIn(view: MergedView, path: string): string | undefined {
  const there = view.lookup(path);
  const bytes = there === undefined ? undefined : view.content(there);
  return bytes === undefined ? undefined : Buffer.from(bytes).toString('utf8');
}
