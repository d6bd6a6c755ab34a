import type { EventSink } from '../core/index.ts';

export interface DemoOptions {
  /** Where the tour is told. */
  readonly write: (text: string) => Promise<void>;
  readonly onEvent?: EventSink;
  readonly signal?: AbortSignal;
  /** Leaves the registry's folder in place and says where. */
  readonly keep?: boolean;
  readonly color?: boolean;
  readonly columns?: number;
}
