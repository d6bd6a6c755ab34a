import { type ElfSpec, executable, file, type Machine, symlink, writeElf } from '../../fixture/index.ts';
import type { TarMember } from '../../tar/index.ts';
import { type SubjectSpec, subjectOf } from '../subject.test-support.ts';
import type { Closure, ClosureProblem } from '../types.ts';
import { createLoader } from './index.ts';

export interface GlibcSpec {
  readonly machine?: Machine;
  /** As compiled in; Debian's unless told. None: a loader that doesn't tell. */
  readonly directories?: readonly string[];
  /** Versions that libc has. */
  readonly versions?: readonly string[];
}

const loaders = { arm64: 'ld-linux-aarch64.so.1', amd64: 'ld-linux-x86-64.so.2' } as const;
const debianDirectories = ['/lib/aarch64-linux-gnu/', '/usr/lib/aarch64-linux-gnu/', '/lib/', '/usr/lib/'];

/** Texts in the place of code: what a loader has compiled in. */
function texts(...lines: readonly string[]): Uint8Array {
  return Buffer.from(`\0${lines.map((line) => `${line}\0`).join('')}`);
}

/** glibc: a loader that names its directories as a real one does, and libc. */
export function glibc(spec: GlibcSpec = {}): readonly TarMember[] {
  const { machine = 'arm64', directories = debianDirectories, versions = ['GLIBC_2.17'] } = spec;
  const name = machine === 'amd64' ? loaders.amd64 : loaders.arm64;
  const code = texts('/usr/share/', ...directories, '/etc/ld.so.cache');
  const folder = machine === 'amd64' ? 'lib64' : 'lib';
  return [
    executable(
      `${folder}/${name}`,
      writeElf({ machine, kind: 'library', soname: name, versionsGiven: ['GLIBC_2.17'], code }),
    ),
    file(
      'lib/libc.so.6',
      writeElf({ machine, kind: 'library', soname: 'libc.so.6', versionsGiven: versions }),
    ),
  ];
}

/** musl as Alpine has it: libc and loader are one file. */
export function musl(searchPath = '/lib:/usr/local/lib:/usr/lib'): readonly TarMember[] {
  const code = texts(searchPath, '%.*s/etc/ld-musl-aarch64.path');
  const soname = 'libc.musl-aarch64.so.1';
  return [
    executable('lib/ld-musl-aarch64.so.1', writeElf({ machine: 'arm64', kind: 'library', soname, code })),
    symlink('lib/libc.musl-aarch64.so.1', 'ld-musl-aarch64.so.1'),
  ];
}

export function program(spec: Partial<ElfSpec> = {}): Uint8Array {
  return writeElf({ machine: 'arm64', interpreter: true, ...spec });
}

export function library(spec: Partial<ElfSpec> = {}): Uint8Array {
  return writeElf({ machine: 'arm64', kind: 'library', ...spec });
}

/** The closure of a path in an image of one layer. */
export async function closureOf(
  path: string,
  members: readonly TarMember[],
  spec: Omit<SubjectSpec, 'layers'> = {},
): Promise<Closure> {
  const subject = await subjectOf({ layers: [members], ...spec });
  const resolution = subject.view.resolve(path);
  if (!resolution.found) throw new Error(`no ${path}`);
  const closure = createLoader(subject).closureOf(resolution.entry);
  if (closure === undefined) throw new Error(`${path} has no closure`);
  return closure;
}

/** `name` → `/path (via)`, or `-`. */
export function taken({ libraries }: Closure): Record<string, string> {
  return Object.fromEntries(
    libraries.map(({ name, file: found, via }) => [
      name,
      found === undefined ? '-' : `/${found.path} (${via})`,
    ]),
  );
}

/** `kind /file: found`. */
export function told(problems: readonly ClosureProblem[]): string[] {
  return problems.map(({ kind, file: where, found }) => `${kind} /${where.path}: ${found}`);
}

export interface CacheLine {
  readonly name: string;
  readonly path: string;
  /** arm64's unless told. */
  readonly flags?: number;
  readonly hwcap?: bigint;
}

/** An ld.so.cache in the new format, as ldconfig writes it (glibc, sysdeps/generic/dl-cache.h). */
export function ldCache(lines: readonly CacheLine[]): Buffer {
  const head = Buffer.alloc(48 + 24 * lines.length);
  head.write('glibc-ld.so.cache1.1');
  head.writeUInt32LE(lines.length, 20);
  head[28] = 2;
  let strings = '';
  for (const [index, { name, path, flags = 0x0a03, hwcap = 0n }] of lines.entries()) {
    const at = 48 + 24 * index;
    head.writeUInt32LE(flags, at);
    head.writeUInt32LE(head.length + strings.length, at + 4);
    strings += `${name}\0`;
    head.writeUInt32LE(head.length + strings.length, at + 8);
    strings += `${path}\0`;
    head.writeBigUInt64LE(hwcap, at + 16);
  }
  head.writeUInt32LE(strings.length, 24);
  return Buffer.concat([head, Buffer.from(strings)]);
}

/** The closure of `/app/bin/run`, which needs libx.so.1 unless told, in an image with glibc. */
export function takes(
  spec: Partial<ElfSpec>,
  files: readonly TarMember[],
  run: Omit<SubjectSpec, 'layers'> = {},
): Promise<Closure> {
  const app = executable('app/bin/run', program({ needed: ['libx.so.1'], ...spec }));
  return closureOf('/app/bin/run', [...glibc(), app, ...files], run);
}
