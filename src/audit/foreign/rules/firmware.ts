import { type ForeignFile, type Judgement, nameOf } from '../types.ts';

const folders =
  /^(?:(?:usr\/)?lib\/firmware|usr\/share\/(?:qemu|seabios|ipxe|ovmf|OVMF|AAVMF|edk2|efi|syslinux|grub2?|hvmloader|xen)|usr\/lib\/(?:grub2?|syslinux|SYSLINUX|ipxe|xen(?:-[\d.]+)?\/boot|systemd\/boot)|boot|efi|EFI)\//;
const moduleFolders = /^(?:usr\/)?lib\/modules\//;
const moduleName = /\.ko(?:\.[a-z0-9]+)?$/;

/** What starts a machine, real or virtual, and what a kernel loads. */
export function firmware(file: ForeignFile): Judgement | undefined {
  const { entry, code } = file;
  if (code.offset > 0) return undefined;
  if (moduleName.test(nameOf(file)) || moduleFolders.test(entry.path)) return kernelModule(file);
  // A program for Linux may lie there too, and names its loader or its Go version.
  if (!folders.test(entry.path) || isLinuxProgram(file)) return undefined;
  return {
    verdict: 'inert',
    role: 'firmware',
    because:
      "It lies where firmware and boot code are: virtual machines and boot loaders take it, containers don't.",
  };
}

function kernelModule({ code }: ForeignFile): Judgement {
  return {
    verdict: 'unknown',
    role: 'kernel-module',
    because: `No kernel but a ${code.architecture} one loads it, and whether the image is to load it can't be told.`,
  };
}

function isLinuxProgram({ facts }: ForeignFile): boolean {
  return facts.kind === 'elf' && (facts.elf.interpreter !== undefined || facts.elf.go !== undefined);
}
