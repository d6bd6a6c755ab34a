/** Waits, in seconds. Tests have shorter ones. */
export interface Timings {
  /** Between asking a job's processes to end and killing them. */
  readonly grace: number;
  /** For how long a connection is made anew before the place counts as lost. */
  readonly reconnect: number;
  /** The first pause between two tries; each is twice the one before, up to `longestPause`. */
  readonly firstPause: number;
  readonly longestPause: number;
  /** A lock that wasn't renewed for so long may be taken over. */
  readonly lease: number;
  readonly renew: number;
}

export const defaultTimings: Timings = {
  grace: 10,
  reconnect: 300,
  firstPause: 0.5,
  longestPause: 15,
  lease: 600,
  renew: 60,
};
