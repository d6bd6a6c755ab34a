import type { Finding } from '../../results/index.ts';
import { findingAt } from '../finding.ts';
import type { ChainEnd, ChainStep, EntryTrace, FindingText, Subject } from '../types.ts';
import { startOf } from './start.ts';

/** Longer ones no kernel takes, and the text shows where they begin. */
const longestPath = 4_096;

const roles = { entrypoint: 'entrypoint', command: 'command', healthcheck: 'health check' } as const;

/** What an image can't start, as findings; foreign machine code is not among them. */
export function entryFindings(subject: Subject, traces: readonly EntryTrace[]): readonly Finding[] {
  const { entrypoint, command } = startOf(subject);
  const found = traces.flatMap((trace) => findingOf(subject, trace));
  // Several commands of one text may fail for one reason.
  const byText = new Map(
    found.map((finding) => [`${finding.kind} ${finding.role} ${finding.found}`, finding]),
  );
  return [...(entrypoint.length + command.length === 0 ? [startsNothing] : []), ...byText.values()];
}

const startsNothing: Finding = {
  kind: 'starts-nothing',
  severity: 'note',
  found: 'neither an entrypoint nor a command',
  expected: 'a program that a container starts',
  why: 'A container of it starts only with a command of its own, so there is no program to judge it by.',
};

function findingOf(subject: Subject, trace: EntryTrace): readonly Finding[] {
  const { end, certain, role } = trace;
  if (!certain || end.kind === 'machine-code') return [];
  const text: FindingText = {
    ...(end.kind === 'unknown' ? unknownText(end) : missText(trace, end)),
    role,
  };
  const at = fileOf(trace);
  if (at !== undefined) return [findingAt(subject, text, at)];
  const word = trace.steps.at(-1)?.word;
  return [word?.startsWith('/') === true && word.length <= longestPath ? { ...text, path: word } : text];
}

/** The last file of the chain: what misses its interpreter, or can't be started. */
function fileOf({ steps }: EntryTrace): ChainStep['file'] {
  const last = steps.at(-1);
  if (last?.by === 'start' || last?.file !== undefined) return last?.file;
  return steps.at(-2)?.file;
}

function unknownText({ why }: { readonly why: string }): FindingText {
  return {
    kind: 'entry-unknown',
    severity: 'note',
    found: why,
    expected: 'a program that can be followed to machine code',
    why: 'Whether what it starts is of the right machine is not known from here on.',
  };
}

type Miss = Extract<ChainEnd, { kind: 'not-found' | 'not-a-program' }>;

function missText(trace: EntryTrace, end: Miss): FindingText {
  const kind = missKind(trace, end);
  const severity = trace.role === 'healthcheck' || end.tolerated === true ? 'warning' : 'error';
  const { expected, why } = missTexts[kind];
  return { kind, severity, found: end.why, expected, why: `${why} ${consequence(trace, end)}` };
}

type MissKind = keyof typeof missTexts;

const missTexts = {
  'entry-not-found': {
    expected: 'a program in the image',
    why: 'There is nothing to start.',
  },
  'entry-not-executable': {
    expected: 'an executable file',
    why: 'The kernel refuses to start it ("permission denied").',
  },
  'entry-exec-format': {
    expected: 'a program, or a script whose first line names its interpreter with "#!"',
    why: 'The kernel answers "exec format error", which looks like a wrong architecture and is not.',
  },
  'entry-interpreter-not-found': {
    expected: 'the interpreter that the script names',
    why: 'The kernel answers "no such file or directory" although the script is there.',
  },
} as const;

function missKind({ steps }: EntryTrace, end: Miss): MissKind {
  const [before, last] = [steps.at(-2), steps.at(-1)];
  if (end.kind === 'not-found') {
    const byScript = last?.by === 'interpreter' || (last?.by === 'handed-on' && before?.by === 'interpreter');
    return byScript ? 'entry-interpreter-not-found' : 'entry-not-found';
  }
  const entry = last?.file?.entry;
  const isProgram = entry?.kind === 'file' && (entry.mode & 0o111) !== 0;
  return isProgram ? 'entry-exec-format' : 'entry-not-executable';
}

function consequence({ role }: EntryTrace, { tolerated }: Miss): string {
  if (role === 'healthcheck') return 'Engines call the container unhealthy.';
  if (tolerated === true) return `The ${roles[role]} may work all the same.`;
  return `The container ends as soon as it starts its ${roles[role]}.`;
}
