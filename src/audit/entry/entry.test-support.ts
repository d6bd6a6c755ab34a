import { executable, file, type RunConfig, symlink, writeElf } from '../../fixture/index.ts';
import { type SubjectSpec, subjectOf } from '../subject.test-support.ts';
import type { EntryTrace, Subject } from '../types.ts';
import { entryFindings, entryResults, traceEntries } from './index.ts';

type Member = SubjectSpec['layers'][number][number];

export const arm64 = writeElf({ machine: 'arm64' });
export const amd64 = writeElf({ machine: 'amd64' });

/** Programs most images have. */
export const base: readonly Member[] = [
  executable('usr/bin/dash', arm64),
  symlink('bin', 'usr/bin'),
  symlink('usr/bin/sh', 'dash'),
  executable('usr/bin/env', arm64),
  executable('usr/bin/server', arm64),
  executable('usr/sbin/tini', arm64),
  executable('usr/bin/gosu', arm64),
  executable('usr/bin/timeout', arm64),
  executable('usr/bin/mkdir', arm64),
  file('usr/bin/notes', 'hello'),
];

export function program(path: string): Member {
  return executable(path, arm64);
}

export function script(path: string, firstLine: string): Member {
  return executable(path, `${firstLine}\n`);
}

export interface Look {
  readonly subject: Subject;
  readonly traces: readonly EntryTrace[];
  /** One line a trace. */
  readonly lines: readonly string[];
  /** `severity kind found`. */
  readonly findings: readonly string[];
  readonly results: ReturnType<typeof entryResults>;
}

export interface LookSpec {
  readonly files?: readonly Member[];
  /** Put over the base as they are. */
  readonly bare?: boolean;
  readonly override?: SubjectSpec['override'];
}

/** Traces an image of the base and these files, with this config. */
export async function look(config: RunConfig, spec: LookSpec = {}): Promise<Look> {
  const { files = [], bare = false, override } = spec;
  const subject = await subjectOf({
    layers: [bare ? files : [...base, ...files]],
    config,
    ...(override === undefined ? {} : { override }),
  });
  return lookAt(subject);
}

export function lookAt(subject: Subject): Look {
  const traces = traceEntries(subject);
  return {
    subject,
    traces,
    lines: traces.map(lineOf),
    findings: entryFindings(subject, traces).map(
      ({ severity, kind, found }) => `${severity} ${kind} ${found}`,
    ),
    results: entryResults(subject, traces),
  };
}

/** `entrypoint: /a > /b = machine-code`; `?` marks a trace that is not certain, `(x)` a word that names no file. */
function lineOf({ role, certain, steps, end }: EntryTrace): string {
  const chain = steps.map(({ file: at, word }) => (at === undefined ? `(${word})` : `/${at.path}`));
  return `${role}${certain ? '' : '?'}: ${chain.join(' > ')} = ${end.kind}`;
}
