import { directory, executable, file, type Machine, userland, writeElf } from '../fixture/index.ts';
import type { TarMember } from '../tar/index.ts';

/** Debian's names of the two architectures' library folders. */
export const amd = 'usr/lib/x86_64-linux-gnu';
export const arm = 'usr/lib/aarch64-linux-gnu';

export const x86 = writeElf({ machine: 'amd64' });
export const x86Library = writeElf({ machine: 'amd64', kind: 'library', soname: 'libown.so.1' });

export function hardlink(name: string, linkName: string): TarMember {
  return { name, type: 'hardlink', linkName };
}

export function opaque(path: string): TarMember {
  return file(`${path}/.wh..wh..opq`, '');
}

/** The small Debian with more in the folder of its architecture: libraries, a helper script, a folder of plug-ins. */
export function richBase(machine: Machine): readonly TarMember[] {
  const folder = machine === 'amd64' ? amd : arm;
  const library = (soname: string) =>
    executable(`${folder}/${soname}`, writeElf({ machine, kind: 'library', soname }));
  return [
    ...userland(machine),
    library('libsecret.so.1'),
    directory(`${folder}/plug/`),
    file(`${folder}/plug/a.so`, writeElf({ machine, kind: 'library', soname: 'a.so' })),
    file(`${folder}/plug/b.so`, writeElf({ machine, kind: 'library', soname: 'b.so' })),
    directory(`${folder}/tools/`),
    executable(`${folder}/tools/start`, '#!/bin/sh\nexec env\n'),
    executable('usr/bin/su', writeElf({ machine, interpreter: true, needed: ['libc.so.6'] })),
    directory('srv/'),
    // What only one of the two has.
    ...(machine === 'amd64'
      ? [executable('usr/bin/lost', '#!/bin/sh\n'), library('libonly.so.1')]
      : [directory('usr/share/'), directory('usr/share/new-only/')]),
  ];
}

/** The same without a package database: nobody but the engine answers for what is above it. */
export function plainBase(machine: Machine): readonly TarMember[] {
  return richBase(machine).filter(({ name }) => !String(name).startsWith('var/lib/dpkg'));
}

/** A file of the base for amd64, as a layer above has it when it's copied up. */
export function ofBase(name: string, change: Partial<TarMember> = {}): TarMember {
  const found = richBase('amd64').find((member) => member.name === name);
  if (found === undefined) throw new Error(`the base has no ${name}`);
  return { ...found, ...change };
}

/** zstd frames of one raw block each (RFC 8878), so that no compressor is needed. */
export function rawZstd(bytes: Uint8Array): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < Math.max(1, bytes.length); at += 60_000) {
    const block = Buffer.from(bytes.subarray(at, at + 60_000));
    const head = Buffer.alloc(3);
    head.writeUIntLE((block.length << 3) | 1, 0, 3);
    const size = Buffer.alloc(4);
    size.writeUInt32LE(block.length);
    parts.push(Buffer.of(0x28, 0xb5, 0x2f, 0xfd, 0xa0), size, head, block);
  }
  return Buffer.concat(parts);
}
