import type { Quota } from '../types.ts';

/**
 * Docker Hub's quota, `ratelimit-limit: 100;w=21600` and `ratelimit-remaining: 76;w=21600`. `undefined` where the
 * headers are absent (the request isn't limited) or malformed.
 */
export function parseQuota(limit: string | undefined, remaining: string | undefined): Quota | undefined {
  const [allowed, left] = [parse(limit), parse(remaining)];
  if (allowed === undefined || left === undefined) return undefined;
  const windowSeconds = allowed.window ?? left.window;
  return windowSeconds === undefined
    ? undefined
    : { limit: allowed.count, remaining: left.count, windowSeconds };
}

function parse(header: string | undefined): { count: number; window: number | undefined } | undefined {
  const match = /^\s*(\d{1,9})\s*(?:;\s*w=(\d{1,9})\s*)?$/.exec(header ?? '');
  if (match === null) return undefined;
  return { count: Number(match[1]), window: match[2] === undefined ? undefined : Number(match[2]) };
}
