import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { inject } from 'vitest';
import { exec, hasPrograms } from './real-parts.ts';

/** A shell, interpreters of four languages, two servers, and a virtual machine with its own libraries. */
const packages = [
  'python3',
  'nginx-light',
  'redis-server',
  'perl',
  'openjdk-17-jre-headless',
  'nodejs',
  'curl',
  'ca-certificates',
];
const emulation = '/proc/sys/fs/binfmt_misc/qemu-aarch64';
/** Minutes to make the root, on a busy machine. */
export const rootTimeout = 20 * 60_000;

/** A root that is there already, so that a second run on one's own machine is quick. */
const given = process.env['ARMLOAD_HONEST_ROOT'];

/** Can the root be made and its programs run here? In CI it must; elsewhere the tests are skipped, visibly. */
export async function canMakeDebianRoot(): Promise<boolean> {
  const isHere =
    (await hasPrograms('debootstrap', 'chroot', 'tar', 'gzip', 'apt-get')) && process.getuid?.() === 0;
  if (isHere && isEmulated()) return true;
  if (process.env['CI'])
    throw new Error('needs root, and binfmt_misc with qemu-aarch64 (see .ci/run for how)');
  return false;
}

/** The kernel starts arm64 programs, in a chroot too: by itself, or with the emulator opened beforehand (flag F). */
export function isEmulated(): boolean {
  if (process.arch === 'arm64') return true;
  if (!existsSync(emulation)) return false;
  const text = readFileSync(emulation, 'utf8');
  return text.startsWith('enabled') && /^flags: .*F/m.test(text);
}

/** The root of an honest arm64 Debian; the first call of a run makes it, which takes minutes. */
export async function debianRoot(): Promise<string> {
  if (given !== undefined) return given;
  const folder = inject('sharedFolder');
  const root = join(folder, 'debian');
  if (existsSync(root)) return root;
  const { uri, codename } = await mirror();
  const making = join(folder, 'debian-in-the-making');
  mkdirSync(making, { recursive: true });
  await exec(
    'debootstrap',
    '--arch=arm64',
    '--variant=minbase',
    `--include=${packages.join(',')}`,
    codename,
    making,
    uri,
  );
  renameSync(making, root);
  return root;
}

/** Where this machine gets its own packages from. */
export async function mirror(): Promise<{ uri: string; codename: string }> {
  const text = await exec('apt-get', 'indextargets', '--format', '$(CREATED_BY) $(REPO_URI) $(CODENAME)');
  const main = text
    .split('\n')
    .map((line) => line.split(' '))
    .find(([kind]) => kind === 'Packages');
  const [, uri, codename] = main ?? [];
  if (uri === undefined || codename === undefined) throw new Error('apt-get names no source of packages');
  return { uri, codename };
}
