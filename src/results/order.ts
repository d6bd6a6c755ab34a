import { compareText } from '../core/index.ts';

/** Somewhere in a file, or nowhere. */
export interface Place {
  readonly file?: string | undefined;
  readonly line?: number | undefined;
  readonly column?: number | undefined;
}

/** By file, line, column; what has no place comes first. */
export function comparePlaces(left: Place, right: Place): number {
  return (
    compareText(left.file ?? '', right.file ?? '') ||
    (left.line ?? 0) - (right.line ?? 0) ||
    (left.column ?? 0) - (right.column ?? 0)
  );
}
