import type { Refusal } from '../../../origin-types.ts';

/** What a manager reads of an image's packages. */
export type Reading<Database> =
  | { readonly kind: 'read'; readonly database: Database }
  /** It has none, or they are in a form that isn't read. */
  | { readonly kind: 'none' | 'unsupported' }
  | { readonly kind: 'unreadable'; readonly path: string; readonly text: string };

export interface Bases<Database> {
  readonly old: Database;
  readonly new: Database;
}

/**
 * The packages of the base and of its sibling; nothing where the old one has none.
 * @param differ a sentence: why they can't be held against each other, where nothing is wrong with either.
 */
export function basesOf<Database>(
  { old, now }: { readonly old: Reading<Database>; readonly now: Reading<Database> },
  differ: string,
): Bases<Database> | Refusal | undefined {
  if (old.kind === 'none') return undefined;
  if (old.kind === 'read' && now.kind === 'read') return { old: old.database, new: now.database };
  const broken = [old, now].find((one) => one.kind === 'unreadable');
  return {
    kind: 'base',
    ...(broken === undefined ? {} : { undetermined: true }),
    why:
      broken === undefined ? differ : `the packages of a base can't be told: ${broken.path}: ${broken.text}`,
    lift: 'Name another base with --base.',
    waivable: false,
  };
}
