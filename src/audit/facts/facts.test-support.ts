import { writeElf } from '../../fixture/index.ts';
import type { Finding } from '../../results/index.ts';
import { type SubjectSpec, subjectOf } from '../subject.test-support.ts';
import type { Closure, EntryTrace, Subject } from '../types.ts';
import { hostFactFindings } from './index.ts';

interface Started {
  /** Path of what the image starts. */
  readonly starts?: string;
  /** Paths of the libraries it takes, and names of those that are not found. */
  readonly libraries?: readonly string[];
}

/** The findings on an image of one layer, or of several. */
export async function factsOf(
  spec: Partial<SubjectSpec> & Pick<SubjectSpec, 'layers'>,
  started: Started = {},
): Promise<readonly Finding[]> {
  const subject = await subjectOf(spec);
  return hostFactFindings(subject, {
    traces: tracesOf(subject, started),
    loader: { closureOf: (entry) => closureOf(subject, entry.path, started) },
  });
}

function tracesOf(subject: Subject, { starts }: Started): readonly EntryTrace[] {
  if (starts === undefined) return [];
  const file = subject.view.lookup(starts);
  if (file === undefined) throw new TypeError(`${starts} is not in the image`);
  const step = { by: 'start' as const, word: starts, file };
  return [
    { role: 'entrypoint', words: [starts], certain: true, steps: [step], end: { kind: 'machine-code' } },
  ];
}

function closureOf(subject: Subject, path: string, { starts, libraries = [] }: Started): Closure | undefined {
  const program = subject.view.lookup(path);
  if (program === undefined || path !== starts) return undefined;
  return {
    program,
    family: 'glibc',
    problems: [],
    libraries: libraries.map((name) => {
      const file = subject.view.lookup(name);
      return { name, neededBy: program, ...(file === undefined ? {} : { file }) };
    }),
  };
}

export function kindsOf(findings: readonly Finding[]): readonly string[] {
  return findings.map(({ kind }) => kind);
}

/** A dynamic program of glibc, right for hosts of every page size. */
export const program = writeElf({ machine: 'arm64', interpreter: true, needed: ['libc.so.6'] });
export const x86Program = writeElf({ machine: 'amd64', interpreter: true, needed: ['libc.so.6'] });

/** A loader cache as ldconfig writes it since glibc 2.32; each library by its flags. */
export function cacheOf(flags: readonly number[], { order = 'little' as 'little' | 'big' } = {}): Uint8Array {
  const strings = Buffer.from('libx.so.1\0/usr/local/lib/libx.so.1\0');
  const head = Buffer.alloc(48 + flags.length * 24);
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  const little = order === 'little';
  head.write('glibc-ld.so.cache1.1', 'latin1');
  view.setUint32(20, flags.length, little);
  view.setUint32(24, strings.length, little);
  head[28] = little ? 2 : 3;
  for (const [at, value] of flags.entries()) {
    view.setUint32(48 + at * 24, value, little);
    view.setUint32(52 + at * 24, head.length, little);
    view.setUint32(56 + at * 24, head.length + 10, little);
  }
  return Buffer.concat([head, strings]);
}
