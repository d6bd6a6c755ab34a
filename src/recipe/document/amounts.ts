const seconds = { s: 1, m: 60, h: 3600 } as const;
const bytes = { MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 } as const;

/** Seconds of a duration that the schema let through: `90s`, `15m`, `2h`. */
export function secondsOf(duration: string): number {
  const unit = duration.slice(-1);
  return Number(duration.slice(0, -1)) * seconds[unit === 'h' || unit === 'm' ? unit : 's'];
}

/** Bytes of a size that the schema let through: `512MiB`, `16GiB`, `1TiB`. */
export function bytesOf(size: string): number {
  const unit = size.slice(-3);
  return Number(size.slice(0, -3)) * bytes[unit === 'TiB' || unit === 'GiB' ? unit : 'MiB'];
}
