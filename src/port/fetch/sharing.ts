import type { Spool } from './spool.ts';
import type { Turns } from './turns.ts';

/** What the origins of several ports in one run have in common, so that nothing is fetched or made twice. */
export interface Sharing {
  /** For `createFetch`. */
  readonly downloads: Spool;
  /** For work whose result is kept in a folder that all of them look into first. */
  readonly turns: Turns;
}
