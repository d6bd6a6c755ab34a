import { createHash, randomInt } from 'node:crypto';

const letters = 'abcdefghijkmnpqrstuvwxyz23456789';
const maxName = 40;

/** `20261126-044500-istio-k3f9`: sorts by time, says what it is, and no two are the same. */
export function newRunId(recipe: string, now: number): string {
  const time = new Date(now).toISOString().replaceAll(/[-:]/g, '');
  const random = Array.from({ length: 4 }, () => letters[randomInt(letters.length)]).join('');
  return `${time.slice(0, 8)}-${time.slice(9, 15)}-${recipe.slice(0, maxName)}-${random}`;
}

/** An id from outside names a folder: it must be one of ours. */
export function isRunId(text: string): boolean {
  return /^\d{8}-\d{6}-[a-z0-9][a-z0-9.-]*-[a-z0-9]{4}$/.test(text) && text.length <= 80;
}

/**
 * Small letters, digits, dots and hyphens for any text, and different for different texts: what is not plain already gets
 * two hyphens, which no name has, and a part of its digest.
 */
export function plainName(text: string): string {
  if (/^[a-z0-9]+(?:[.-][a-z0-9]+)*$/.test(text) && text.length <= 64) return text;
  const readable = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 48);
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 12);
  return `${readable.replaceAll(/^-+|-+$/g, '')}--${digest}`.replace(/^-+/, 'x--');
}
