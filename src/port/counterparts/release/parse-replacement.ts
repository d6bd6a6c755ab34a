import { UsageError } from '../../../core/index.ts';
import type { NamedReplacement } from '../../options.ts';

/**
 * Reads `PATH=FROM`, up to the first `=`; `releaseOrigin` says what FROM may be.
 * @throws UsageError `USAGE`.
 */
export function parseReplacement(text: string): NamedReplacement {
  const at = text.indexOf('=');
  if (at <= 0 || at === text.length - 1)
    throw new UsageError('USAGE', `"${text}" names no path and file`, {
      hint: 'Write PATH=FILE, or PATH=https://…#sha256:HEX.',
    });
  return { path: text.slice(0, at), from: text.slice(at + 1) };
}
