import { randomBytes } from 'node:crypto';
import { quote, quoteAll } from './quote.ts';
import { sh } from './scripts/sh.ts';
import type { Call } from './transport.ts';

/**
 * For places that are reached through somebody's login shell: a command that all of them read alike (single quotes,
 * no exclamation mark), and that takes the script from its input, up to a line that the first line tells. A shell
 * reads no further than a line's end, so the rest is the script's own input.
 */
const readScript = sh`IFS= read -r end; n=$(printf "\n."); n=\${n%.}; s=; ok=; while IFS= read -r l; do case $l in "$end") ok=y; break ;; esac; s=$s$l$n; done; [ "$ok" ] || exit 70; `;

export function bootCommand({ placeEnvironment }: Pick<Call, 'placeEnvironment'>): readonly string[] {
  const start = placeEnvironment ? 'exec sh -c "$s" sh' : 'exec env -i PATH="$PATH" sh -c "$s" sh';
  return ['sh', '-c', readScript + start];
}

/** The same as one text for a login shell. */
export function bootText(call: Pick<Call, 'placeEnvironment'>): string {
  return bootCommand(call).map(quote).join(' ');
}

/** What the command reads before the script's own input. */
export function bootInput({ script, words = [] }: Pick<Call, 'script' | 'words'>): string {
  const end = `end-${randomBytes(12).toString('hex')}`;
  return `${end}\nset -- ${quoteAll(words)}\n${script}\n${end}\n`;
}
