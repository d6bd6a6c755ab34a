/** .NET's names of machines in runtime identifiers, by Go's. */
const machines: Readonly<Record<string, string>> = {
  amd64: 'x64',
  '386': 'x86',
  arm64: 'arm64',
  arm: 'arm',
  ppc64le: 'ppc64le',
  s390x: 's390x',
  riscv64: 'riscv64',
  loong64: 'loongarch64',
};

export function machineOf(architecture: string): string {
  return machines[architecture] ?? architecture;
}

/** `linux-x64` for `linux-arm64`, whole segments of a path or name alone; `undefined` where none is spelled. */
export function forMachine(text: string, from: string, to: string): string | undefined {
  const pattern = new RegExp(
    `(?<![A-Za-z0-9])((?:linux|linux-musl|alpine|debian|ubuntu)(?:[.\\d]*)?)-${machineOf(from)}(?![A-Za-z0-9])`,
    'g',
  );
  const spelled = text.replace(pattern, `$1-${machineOf(to)}`);
  return spelled === text ? undefined : spelled;
}
