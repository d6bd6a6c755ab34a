/** Statuses worth another try of a repeatable request. 429 and throttling 503 are the gate's affair. */
export const retriedStatuses: ReadonlySet<number> = new Set([408, 500, 502, 503, 504]);

const maxBackoff = 20_000;

/**
 * Milliseconds a Retry-After asks for: seconds or an HTTP date (RFC 9110, 10.2.3). `undefined` where it is absent or
 * neither. A date in the past, or zero, asks for nothing: 0.
 */
export function parseRetryAfter(header: string | undefined, now: number): number | undefined {
  const text = header?.trim();
  if (!text) return undefined;
  if (/^\d{1,12}(?:\.\d{1,9})?$/.test(text)) return Math.ceil(Number(text) * 1000);
  // Only what looks like an HTTP date: Date.parse takes far more than it should.
  if (!/^[A-Za-z]{3,9},? \d{1,2}[ -][A-Za-z]{3}[ -]|^[A-Za-z]{3} [A-Za-z]{3} /.test(text)) return undefined;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/** Exponential back-off with jitter: between half and all of `base * 2^step`, 20 seconds at most. */
export function backoff(base: number, step: number, random: () => number): number {
  const full = Math.min(maxBackoff, base * 2 ** Math.min(step, 16));
  return Math.round(full / 2 + (full / 2) * random());
}
