import { redact } from '../../core/index.ts';
import type { Platform } from '../../oci/index.ts';
import type { Finding } from '../../results/index.ts';
import { findingAt } from '../finding.ts';
import { nativeArchitectures } from '../native.ts';
import { architecturesIn, isForeignText } from './machine-words.ts';
import { absolutePathsIn } from './paths.ts';
import type { FactInput, Script } from './types.ts';

type Mention = Script['mentions'][number];

const maxLines = 3;

/** Scripts that name paths or downloads of x86 machines, and know of no other. */
export function scriptMentions(input: FactInput): readonly Finding[] {
  // Only x86 is looked for when scripts are read.
  const { subject, scripts } = input;
  if (nativeArchitectures(subject.platform).includes('386')) return [];
  return scripts.flatMap((script) => {
    const mentions = script.mentions.filter((mention) => isForeign(input, mention));
    return mentions.length === 0 ? [] : [findingOf(input, script, mentions)];
  });
}

function isForeign({ subject, stateOf }: FactInput, { text }: Mention): boolean {
  const named = architecturesIn(text);
  if (nativeArchitectures(subject.platform).some((architecture) => named.has(architecture))) return false;
  const paths = x86PathsIn(text, subject.platform);
  return paths.length === 0 || paths.some((path) => stateOf(path).kind !== 'there');
}

function findingOf({ subject, stateOf }: FactInput, script: Script, mentions: readonly Mention[]): Finding {
  const missing = mentions
    .flatMap(({ text }) => x86PathsIn(text, subject.platform))
    .find((path) => stateOf(path).kind === 'missing');
  const isStarted = script.role !== undefined;
  const text = {
    kind: 'script-mentions',
    severity: isStarted && missing !== undefined ? ('warning' as const) : ('note' as const),
    ...(script.role === undefined ? {} : { role: script.role }),
    found: describe(mentions),
    expected: `paths and downloads for ${subject.platform.architecture}, or a check of the machine`,
    why:
      missing === undefined
        ? 'What it names is for another machine.'
        : `${redact(missing)} is not there: what needs it fails, or goes on without it.`,
  };
  return findingAt(subject, text, script.file);
}

/** `/lib64/ld-…` is where x86-64 has its loader, whatever the file is called. */
function x86PathsIn(text: string, platform: Platform): readonly string[] {
  return absolutePathsIn(text).filter(
    (path) => isForeignText(path, platform) || path.startsWith('/lib64/ld-'),
  );
}

function describe(mentions: readonly Mention[]): string {
  const shown = mentions.slice(0, maxLines).map(({ line, text }) => `line ${line}: ${redact(text)}`);
  const more = mentions.length - shown.length;
  return more === 0 ? shown.join('; ') : `${shown.join('; ')}; and ${more} more`;
}
