import type { HostFacts } from '../types.ts';
import type { Caller } from './caller.ts';
import type { Isolation } from './job-text.ts';
import { probeScript } from './scripts/place.ts';

/** OCI's words for what uname(1) and QEMU call machines. */
const architectures: Readonly<Record<string, string>> = {
  x86_64: 'amd64',
  amd64: 'amd64',
  aarch64: 'arm64',
  arm64: 'arm64',
  armv7l: 'arm',
  armv6l: 'arm',
  arm: 'arm',
  i386: '386',
  i686: '386',
  ppc64le: 'ppc64le',
  riscv64: 'riscv64',
  s390x: 's390x',
};

export interface Probe {
  readonly facts: HostFacts;
  readonly isolation: Isolation | undefined;
}

/** Asks a place what it is. */
export async function probe(
  caller: Caller,
  workspace: string,
  signal: AbortSignal | undefined,
): Promise<Probe> {
  const { output } = await caller.ask({ script: probeScript, words: [workspace], signal });
  return readProbe(output.toString('utf8'));
}

/** Lines `NAME VALUE`; what the place doesn't say is empty, or 0. */
export function readProbe(text: string): Probe {
  const lines = text
    .split('\n')
    .map((line) => [line.split(' ', 1)[0] ?? '', line.slice(line.indexOf(' ') + 1)] as const);
  const all = (name: string) => lines.filter(([key]) => key === name).map(([, value]) => value.trim());
  const one = (name: string) => all(name)[0] ?? '';
  const architecture = architectures[one('machine')] ?? one('machine');
  const emulates = all('emulates')
    .map((name) => /^qemu-(\w+)$/.exec(name)?.[1] ?? '')
    .map((name) => architectures[name])
    .filter((name): name is string => name !== undefined && name !== architecture);
  const isolation = isIsolation(one('isolation')) ? (one('isolation') as Isolation) : undefined;
  return {
    isolation,
    facts: {
      os: one('os').toLowerCase(),
      architecture,
      emulates: [...new Set(emulates)].sort(),
      id: unquote(one('ID')),
      version: unquote(one('VERSION_ID')),
      kernel: one('kernel'),
      cpus: count(one('cpus')),
      memory: count(one('memory-kib')) * 1024,
      disk: freeBytes(one('disk')),
      user: one('user'),
      isolatesNetwork: isolation !== undefined,
    },
  };
}

function isIsolation(text: string): text is Isolation {
  return ['root', 'mapped-back', 'mapped', 'mapped-root'].includes(text);
}

/** Values of os-release(5) may stand in quotes. */
function unquote(text: string): string {
  return /^(["'])(.*)\1$/.exec(text)?.[2] ?? text;
}

function count(text: string): number {
  const number = Number(text);
  return Number.isFinite(number) && number > 0 ? number : 0;
}

/** A line of `df -P -k`: the name may hold blanks, so fields are counted from the percent sign. */
function freeBytes(line: string): number {
  const free = /(\d+)\s+\d+%\s/.exec(line)?.[1];
  return count(free ?? '') * 1024;
}
