import { type Machine, writeElf } from '../../../fixture/index.ts';
import { packed, type RunningServer, serve, sum } from '../java/java.test-support.ts';

const placeholder = 'c3ab8ff13720e8ad9047dd39466b3c8974e592c2fa383d4a3960714caef0c4f2';

/** A template as the SDK has it: a program, and a place for the name behind it. */
export function template(machine: Machine, patch: string): Buffer {
  const elf = writeElf({ machine, interpreter: true, needed: ['libc.so.6'] });
  return Buffer.concat([
    elf,
    Buffer.from(patch),
    Buffer.from(placeholder),
    Buffer.alloc(960),
    Buffer.from('end'),
  ]);
}

export function hostOf(machine: Machine, patch: string): Buffer {
  const made = template(machine, patch);
  const at = made.indexOf(placeholder);
  made.fill(0, at, at + placeholder.length);
  made.write('Shop.dll', at);
  return made;
}

export const packName = (machine: string) => `microsoft.netcore.app.host.linux-${machine}`;
export const hostPack = (machine: string, bytes: Uint8Array) =>
  packed({ [`runtimes/linux-${machine}/native/apphost`]: bytes, 'data.txt': 'x' });

export interface Packages {
  /** By `name/version`, lower case. */
  readonly [name: string]: Buffer;
}

/** A NuGet source of version 3 on loopback. */
export async function source(
  packages: Packages,
  hashes: Readonly<Record<string, string>> = {},
): Promise<RunningServer> {
  const files: Record<string, string | Buffer> = {};
  const versions = new Map<string, string[]>();
  for (const [key, bytes] of Object.entries(packages)) {
    const [name = '', version = ''] = key.split('/');
    versions.set(name, [...(versions.get(name) ?? []), version]);
    files[`flat/${name}/${version}/${name}.${version}.nupkg`] = bytes;
    files[`registration/${name}/${version}.json`] = JSON.stringify({
      catalogEntry: `/catalog/${name}.${version}.json`,
    });
    const packageHash = hashes[key] ?? Buffer.from(sum('sha512', bytes), 'hex').toString('base64');
    files[`catalog/${name}.${version}.json`] = JSON.stringify({
      packageHash,
      packageHashAlgorithm: 'SHA512',
    });
  }
  for (const [name, all] of versions) files[`flat/${name}/index.json`] = JSON.stringify({ versions: all });
  files['index.json'] = JSON.stringify({
    version: '3.0.0',
    resources: [
      { '@id': '/flat/', '@type': 'PackageBaseAddress/3.0.0' },
      { '@id': '/registration', '@type': 'RegistrationsBaseUrl' },
    ],
  });
  return serve(files);
}

export const hosts: Packages = {
  [`${packName('x64')}/8.0.4`]: hostPack('x64', template('amd64', 'four')),
  [`${packName('x64')}/8.0.10`]: hostPack('x64', template('amd64', 'ten')),
  [`${packName('x64')}/9.0.0`]: hostPack('x64', template('amd64', 'nine')),
  [`${packName('arm64')}/8.0.4`]: hostPack('arm64', template('arm64', 'four')),
  [`${packName('arm64')}/8.0.10`]: hostPack('arm64', template('arm64', 'ten')),
};

export const config = {
  runtimeOptions: { tfm: 'net8.0', framework: { name: 'Microsoft.NETCore.App', version: '8.0.0' } },
};
