/** What happens while a command works. Rooms emit these and never print; `cli` draws them on stderr. */
export type ProgressEvent =
  | { readonly type: 'phase'; readonly phase: string; readonly total?: number }
  | { readonly type: 'progress'; readonly done: number; readonly total: number }
  /** Of the phase's bytes, where it knows how many there are. */
  | { readonly type: 'bytes'; readonly done: number; readonly total: number }
  | {
      readonly type: 'quota';
      readonly registry: string;
      /** Requests allowed in the window. */
      readonly limit: number;
      readonly remaining: number;
      readonly windowSeconds: number;
    }
  /** A part of a build began or ended: a source, a step, a check, an image. */
  | {
      readonly type: 'step';
      readonly id: string;
      readonly title: string;
      readonly state: 'running' | 'done' | 'reused' | 'skipped' | 'failed';
      /** From 1, in the order of the plan. */
      readonly index: number;
      readonly total: number;
      /** Seconds since it began, and how many it's said to take. */
      readonly elapsed: number;
      readonly expected?: number;
    }
  /** What a step prints while it runs. */
  | { readonly type: 'output'; readonly step: string; readonly text: string }
  | { readonly type: 'throttled'; readonly registry: string; readonly seconds: number }
  | { readonly type: 'warning'; readonly message: string }
  | { readonly type: 'debug'; readonly message: string };

export type EventSink = (event: ProgressEvent) => void;
