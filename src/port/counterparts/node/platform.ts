import type { MergedView } from '../../../layer/index.ts';
import type { Manifest } from './manifest.ts';

export type Libc = 'glibc' | 'musl';

/** A platform as package.json files spell it. */
export interface NodePlatform {
  readonly os: string;
  readonly cpu: string;
  /** Absent where nothing tells. */
  readonly libc?: Libc;
}

/** Node's own names (`process.arch`) of what Go calls otherwise. */
const cpus: Readonly<Record<string, string>> = {
  amd64: 'x64',
  '386': 'ia32',
  ppc64le: 'ppc64',
  mipsle: 'mipsel',
};

export function nodeCpu(architecture: string): string {
  return cpus[architecture] ?? architecture;
}

/** Does npm install such a package on the platform? (npm-install-checks: names, those with `!` before them, and `any`.) */
export function runsOn(
  { os, cpu, libc }: Pick<Manifest, 'os' | 'cpu' | 'libc'>,
  platform: NodePlatform,
): boolean {
  return (
    isListed(platform.os, os) &&
    isListed(platform.cpu, cpu) &&
    (platform.libc === undefined || isListed(platform.libc, libc))
  );
}

function isListed(value: string, list: readonly string[] | undefined): boolean {
  if (list === undefined || list.length === 0 || (list.length === 1 && list[0] === 'any')) return true;
  if (list.includes(`!${value}`)) return false;
  return list.includes(value) || list.every((word) => word.startsWith('!'));
}

const folders = ['lib', 'lib64', 'usr/lib', 'usr/lib64'];

/** The C library whose programs an image starts, by its loader; `undefined` where it has none, or both. */
export function libcOf(view: MergedView): Libc | undefined {
  const names = folders.flatMap((folder) => {
    const found = view.resolve(folder);
    return found.found
      ? view.list(found.entry.path).map(({ path }) => path.slice(path.lastIndexOf('/') + 1))
      : [];
  });
  const musl = names.some((name) => /^ld-musl-.+\.so\.1$/.test(name));
  const glibc = names.some(
    (name) => /^ld(?:-linux|64)?[^/]*\.so\.\d$/.test(name) && !name.startsWith('ld-musl'),
  );
  if (musl === glibc) return undefined;
  return musl ? 'musl' : 'glibc';
}
