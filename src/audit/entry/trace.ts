import type { EntryTrace, Subject } from '../types.ts';
import { Follower, type Trail } from './follow.ts';
import { expandedWords, startOf } from './start.ts';
import { surroundingsOf } from './surroundings.ts';

type Role = EntryTrace['role'];

/** What a container of the image starts, each followed through the image to machine code or to where it ends otherwise. */
export function traceEntries(subject: Subject): readonly EntryTrace[] {
  const { entrypoint, command } = startOf(subject);
  const follower = new Follower(subject);
  return [
    ...(entrypoint.length > 0
      ? withEntrypoint(subject, follower, { entrypoint, command })
      : followed(subject, follower, { role: 'command', words: command })),
    ...healthcheck(subject, follower),
  ];
}

function withEntrypoint(
  subject: Subject,
  follower: Follower,
  { entrypoint, command }: ReturnType<typeof startOf>,
): readonly EntryTrace[] {
  const words = [...entrypoint, ...command];
  const traces = follow(subject, follower, words);
  const own = traces.map((trail) => traceOf(trail, { role: 'entrypoint', words }));
  const [first = ''] = command;
  const isTaken = traces.some(({ steps }) => steps.some(({ by, word }) => by !== 'start' && word === first));
  const mayStart = traces.some(({ passesOn }) => passesOn) && !ignoresArguments(entrypoint);
  if (isTaken || !mayStart || !looksLikeProgram(first)) return own;
  const trails = follower.follow(expandedWords(subject, command), surroundingsOf(subject.run), 'program');
  return [
    ...own,
    ...trails.map((trail) => traceOf({ ...trail, certain: false }, { role: 'command', words: command })),
  ];
}

function followed(
  subject: Subject,
  follower: Follower,
  start: { readonly role: Role; readonly words: readonly string[] },
): readonly EntryTrace[] {
  if (start.words.length === 0) return [];
  return follow(subject, follower, start.words).map((trail) => traceOf(trail, start));
}

function follow(subject: Subject, follower: Follower, words: readonly string[]): readonly Trail[] {
  return follower.follow(expandedWords(subject, words), surroundingsOf(subject.run), 'engine');
}

function traceOf(
  { steps, end, certain }: Trail,
  { role, words }: { readonly role: Role; readonly words: readonly string[] },
): EntryTrace {
  return { role, words, certain, steps, end };
}

function healthcheck(subject: Subject, follower: Follower): readonly EntryTrace[] {
  const { healthcheck: check, shell } = subject.run;
  if (check === undefined) return [];
  const words = check.shell ? [...shell, ...check.words] : check.words;
  const trails = follower.follow(words, surroundingsOf(subject.run), 'engine');
  return trails.map((trail) => traceOf(trail, { role: 'healthcheck', words }));
}

/** The shell form of an entrypoint: the command's words become `$0`, `$1`, which a text without them leaves aside. */
function ignoresArguments(entrypoint: readonly string[]): boolean {
  const [, option = '', text] = entrypoint;
  return entrypoint.length === 3 && /^-[a-z]*c$/.test(option) && !/\$(?:[@*0-9]|\{[@*0-9])/.test(text ?? '');
}

function looksLikeProgram(word: string): boolean {
  return word !== '' && !word.startsWith('-') && !/[\s=]/.test(word);
}
