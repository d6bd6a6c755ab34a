import { findHostProgram } from '../host-process.ts';
import { MeansError } from '../means-error.ts';
import type { Environment, Means, Site } from '../types.ts';
import { checkNamespaces, openNamespaces } from './namespace.ts';

/** QEMU's names of architectures. */
const emulatorNames: Readonly<Record<string, string>> = { amd64: 'x86_64', arm64: 'aarch64' };

/**
 * QEMU's user emulation in namespaces with a binfmt_misc of their own, so that children of a program run too and the
 * host's registrations play no part. Linux 6.7 or newer (its commit 21ca59b365c0).
 */
export const userNamespace: Means = {
  name: 'user-namespace',
  async check({ platform, environment }) {
    const missing = checkNamespaces(environment);
    if (missing !== undefined) return missing;
    if (findEmulator(platform.architecture, environment) !== undefined) return { ok: true, emulated: true };
    const name = `qemu-${emulatorNames[platform.architecture] ?? platform.architecture}-static`;
    return { ok: false, why: `${name} is not installed (Debian's package qemu-user-static)` };
  },
  open(site: Site, root) {
    const emulator = findEmulator(site.platform.architecture, site.environment);
    if (emulator === undefined) throw new MeansError('the emulator is gone');
    return openNamespaces(site, root, emulator);
  },
};

function findEmulator(architecture: string, environment: Environment): string | undefined {
  const name = emulatorNames[architecture];
  if (name === undefined) return undefined;
  // Newer distributions have static ones without the ending.
  return findHostProgram(environment, `qemu-${name}-static`) ?? findHostProgram(environment, `qemu-${name}`);
}
