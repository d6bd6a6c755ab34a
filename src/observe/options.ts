import type { EventSink } from '../core/index.ts';
import type { Observation } from '../results/index.ts';
import type { ChannelFetch } from './channels/index.ts';
import type { TagChoice } from './targets.ts';
import type { LookOptions } from './types.ts';

/** How products are checked. */
export interface CheckOptions extends LookOptions, TagChoice {
  /** What is known so far of a product, by its name. */
  readonly observations: (product: string) => readonly Observation[];
  /** Keeps an observation of a product, as soon as it's made; without it nothing is kept. Called for one at a time. */
  readonly record?: (product: string, observation: Observation) => Promise<void>;
  /** Milliseconds: what was found out later than so long ago isn't looked at again. */
  readonly olderThan?: number;
  /** In the place of `{region}` in names; `us-east-1` unless told. */
  readonly region?: string;
  /** Asks for what channels publish; without it they aren't looked at. */
  readonly fetchChannel?: ChannelFetch;
  readonly onEvent?: EventSink;
}
