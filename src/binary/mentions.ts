import type { View } from './bytes.ts';
import type { ScriptFacts } from './facts.ts';

type Mention = NonNullable<ScriptFacts['mentions']>[number];

const maxScript = 256 * 1024;
const maxMentions = 16;
const maxText = 200;
/** Characters kept before the word of a line that is too long. */
const lead = 80;

/** How paths and downloads for x86 machines are spelled. */
const words = [
  'x86_64-linux-gnu',
  'ld-linux-x86-64',
  '/lib64/ld-',
  'linux-amd64',
  'linux_amd64',
  'linux-x64',
  'linux-x86_64',
  'linux_x86_64',
  'openjdk-amd64',
  '_amd64.deb',
  '.x86_64.rpm',
];

/** One of these is in each of `words`: most scripts are passed by after five searches of their bytes. */
const hints = ['x86_64', 'x86-64', 'amd64', 'linux-x64', '/lib64/ld-'];

/** What a script has that asks which machine it is on, or that knows of arm64. */
const awareOfMachines = [
  'aarch64',
  'arm64',
  'uname -m',
  'uname -p',
  'uname -i',
  'uname -a',
  'uname -sm',
  'uname -ms',
  'uname -srm',
  'uname --m',
  'dpkg --print-architecture',
  'dpkg-architecture',
  'apk --print-arch',
  'rpm --eval',
  '$(arch)',
  '`arch`',
  'TARGETARCH',
  'TARGETPLATFORM',
  'HOSTTYPE',
  'MACHTYPE',
  'DEB_HOST_',
  'process.arch',
  'os.arch',
  'os.uname',
  'platform.machine',
  'RUBY_PLATFORM',
];

/**
 * The lines of a script that name paths or downloads of x86 machines, comments left out; none where the script knows of
 * more machines than that. Scripts over 256 KiB are not looked at.
 */
export function mentionsIn(view: View): readonly Mention[] {
  if (!view.whole || view.size > maxScript) return [];
  const bytes = view.readSome(0, view.size);
  if (!hints.some((hint) => bytes.includes(hint))) return [];
  // Behind a zero byte comes what a script carries along.
  const end = bytes.indexOf(0);
  const lines = bytes
    .toString('utf8', 0, end < 0 ? bytes.length : end)
    .split('\n')
    .map((text, at) => ({ line: at + 1, text: text.trim() }))
    .filter(({ text }) => !text.startsWith('#') && !text.startsWith('//'));
  if (lines.some(({ text }) => awareOfMachines.some((word) => text.includes(word)))) return [];
  const mentions: Mention[] = [];
  for (const { line, text } of lines) {
    const word = words.find((candidate) => text.includes(candidate));
    if (word !== undefined) mentions.push({ line, text: shorten(text, text.indexOf(word)) });
    if (mentions.length === maxMentions) break;
  }
  return mentions;
}

/** The part of a line around a place in it, without control and other invisible characters. */
function shorten(text: string, at: number): string {
  const start = text.length <= maxText ? 0 : Math.max(0, at - lead);
  const part = text.slice(start, start + maxText);
  const visible = part.replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, '');
  const cutAfter = start + maxText < text.length;
  const room = maxText - (start > 0 ? 1 : 0) - (cutAfter ? 1 : 0);
  return `${start > 0 ? '…' : ''}${visible.slice(0, room)}${cutAfter ? '…' : ''}`;
}
