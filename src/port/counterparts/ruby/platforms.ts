/** RubyGems' names of machines (Gem::Platform), by Go's. */
const machines: Readonly<Record<string, string>> = {
  amd64: 'x86_64',
  '386': 'x86',
  arm64: 'aarch64',
  arm: 'arm',
  ppc64le: 'ppc64le',
  s390x: 's390x',
  riscv64: 'riscv64',
};

export function machineOf(architecture: string): string {
  return machines[architecture] ?? architecture;
}

/** Is it a platform of Linux on the machine: `x86_64-linux`, `x86_64-linux-gnu`, `x86_64-linux-musl`? */
export function isLinuxOn(platform: string, architecture: string): boolean {
  const [cpu, os, libc, more] = platform.split('-');
  const isKnown = libc === undefined || ['gnu', 'musl'].includes(libc);
  return cpu === machineOf(architecture) && os === 'linux' && isKnown && more === undefined;
}

/** The same on another machine: `aarch64-linux-musl` for `x86_64-linux-musl`. */
export function onMachine(platform: string, architecture: string): string {
  return [machineOf(architecture), ...platform.split('-').slice(1)].join('-');
}
