import { writeElf } from '../../fixture/index.ts';
import type { ViewEntry } from '../../layer/index.ts';
import type { Loader } from '../loader/index.ts';
import { type SubjectSpec, subjectOf } from '../subject.test-support.ts';
import type { Closure, EntryTrace, ForeignCode, Subject } from '../types.ts';
import { judgeForeign } from './index.ts';

export const amd64 = writeElf({ machine: 'amd64' });
export const arm64 = writeElf({ machine: 'arm64' });
export const amd64Library = writeElf({ machine: 'amd64', kind: 'library' });
export const arm64Library = writeElf({ machine: 'arm64', kind: 'library' });

/** A loader that has no part in anything. */
export const noLoader: Loader = { closureOf: () => undefined };

/** A trace of one step, as the container's entrypoint. */
export function startOf(subject: Subject, path: string, certain = true): EntryTrace {
  return {
    role: certain ? 'entrypoint' : 'command',
    words: [`/${path}`],
    certain,
    steps: [{ by: 'start', word: `/${path}`, file: at(subject, path) }],
    end: { kind: 'machine-code' },
  };
}

export function at({ view }: Subject, path: string): ViewEntry {
  const entry = view.lookup(path);
  if (entry === undefined) throw new TypeError(`the image has no ${path}`);
  return entry;
}

/** A loader that takes these libraries, by their names, for every program asked. */
export function loaderOf(subject: Subject, program: string, libraries: Record<string, string>): Loader {
  const closure: Closure = {
    program: at(subject, program),
    family: 'glibc',
    libraries: Object.entries(libraries).map(([name, path]) => ({
      name,
      neededBy: at(subject, program),
      file: at(subject, path),
      via: 'ld.so.cache',
    })),
    problems: [],
  };
  return { closureOf: ({ path }) => (path === program ? closure : undefined) };
}

/** `verdict role` by path, of an image that starts nothing. */
export async function verdictsOf(
  files: SubjectSpec['layers'][number],
  spec: Omit<SubjectSpec, 'layers'> = {},
): Promise<Record<string, string>> {
  const subject = await subjectOf({ ...spec, layers: [files] });
  return byPath(judgeForeign(subject, { traces: [], loader: noLoader }));
}

export function byPath(codes: readonly ForeignCode[]): Record<string, string> {
  return Object.fromEntries(
    codes.map(({ entry, innerPath, verdict, role }) => [
      innerPath === '' ? entry.path : `${entry.path}!/${innerPath}`,
      `${verdict} ${role}`,
    ]),
  );
}
