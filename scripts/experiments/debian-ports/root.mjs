// What is known of an image's files: unpacked into a folder, looked at, and its programs run there.
import { spawn } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync, readSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './work.mjs';

const seconds = 600;
/** Loaders say so and go on, or a shell hides it. */
const complaint = /cannot be preloaded|error while loading shared libraries|Exec format error/;

/** Unpacks an architecture's image of a registry below a folder with skopeo and umoci. Gives the root. */
export async function unpack(reference, architecture, folder) {
  rmSync(folder, { recursive: true, force: true });
  const layout = join(folder, 'layout');
  await run('mkdir', ['-p', folder]);
  const copy = ['--override-arch', architecture, 'copy', '--quiet', '--src-tls-verify=false'];
  await run('skopeo', [...copy, `docker://${reference}`, `oci:${layout}:it`]);
  await run('umoci', ['unpack', '--image', `${layout}:it`, join(folder, 'bundle')]);
  rmSync(layout, { recursive: true });
  return join(folder, 'bundle/rootfs');
}

const mounts = `
ip link set lo up
mount -t proc proc "$0/proc"
mount -t tmpfs -o mode=755 dev "$0/dev"
for node in null zero full random urandom tty; do touch "$0/dev/$node"; mount --bind "/dev/$node" "$0/dev/$node"; done
mkdir "$0/dev/pts" "$0/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$0/dev/pts"
mount -t tmpfs -o mode=1777 shm "$0/dev/shm"
ln -s pts/ptmx "$0/dev/ptmx"
ln -s /proc/self/fd "$0/dev/fd"
ln -s /proc/self/fd/0 "$0/dev/stdin"
ln -s /proc/self/fd/1 "$0/dev/stdout"
ln -s /proc/self/fd/2 "$0/dev/stderr"
printf '127.0.0.1 localhost\\n' > "$0/dev/hosts"
touch "$0/etc/hosts"
mount --bind "$0/dev/hosts" "$0/etc/hosts"
exec chroot "$0" /usr/bin/env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 LC_ALL=C.UTF-8 TERM=dumb sh -c "$1" 2>&1
`;

/** Runs a script in the root, in namespaces that take all its processes with them when it ends. */
export function inRoot(root, script) {
  const namespaces = ['--mount', '--pid', '--net', '--ipc', '--uts', '--fork', '--kill-child'];
  const child = spawn('unshare', [...namespaces, 'sh', '-ec', mounts, root, script], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const started = performance.now();
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    child.kill('SIGKILL');
  }, seconds * 1000);
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => {
      if (output.length < 1e6) output += text;
    });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code, timedOut, output, seconds: (performance.now() - started) / 1000 });
    });
  });
}

/** Runs an image's checks: each has to end with 0 and say what is expected. */
export async function runChecks(root, image) {
  const results = [];
  for (const [script, expected] of image.checks) {
    const { code, timedOut, output, seconds: took } = await inRoot(root, script);
    const passed = code === 0 && !timedOut && output.includes(expected) && !complaint.test(output);
    const why = timedOut ? `still running after ${seconds} s` : `ended with ${code}`;
    const said = passed ? {} : { expected, why, output: output.slice(-2000) };
    results.push({ script, passed, seconds: took, ...said });
  }
  return results;
}

/** Paths of packages for every architecture: the same bytes wherever they are installed. */
export function pathsForAll(root) {
  const info = join(root, 'var/lib/dpkg/info');
  const status = readFileSync(join(root, 'var/lib/dpkg/status'), 'utf8').split('\n\n');
  const names = status
    .filter((paragraph) => /^Architecture: all$/m.test(paragraph))
    .map((paragraph) => /^Package: (.*)$/m.exec(paragraph)?.[1]);
  const paths = names.flatMap((name) => readFileSync(join(info, `${name}.list`), 'utf8').split('\n'));
  // Some packages still name what is below /usr as it was before.
  return new Set(paths.flatMap((path) => [path, `/usr${path}`]));
}

/** What dpkg and apt say of their database and the files it lists. */
export async function packageState(root) {
  const packages = readFileSync(join(root, 'var/lib/dpkg/status'), 'utf8').match(/^Package: /gm)?.length ?? 0;
  const audit = await inRoot(root, 'dpkg --audit');
  const verify = await inRoot(root, 'dpkg --verify');
  const check = await inRoot(root, 'apt-get check');
  const lines = (text) => text.split('\n').filter((line) => line.trim() !== '');
  return {
    packages,
    audit: lines(audit.output),
    verify: lines(verify.output),
    aptCheck: check.code === 0 ? [] : lines(check.output),
  };
}

/** Paths of ELF files by machine number, of regular files only: 62 is x86-64, 3 its 32-bit kin, 183 arm64. */
export function elfFiles(root) {
  const found = new Map();
  const header = Buffer.alloc(20);
  const visit = (folder) => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) visit(path);
      else if (entry.isFile()) {
        const descriptor = openSync(join(root, path), 'r');
        const length = readSync(descriptor, header, 0, 20, 0);
        closeSync(descriptor);
        if (length < 20 || header.readUInt32BE(0) !== 0x7f454c46) continue;
        const machine = header[5] === 2 ? header.readUInt16BE(18) : header.readUInt16LE(18);
        found.set(machine, [...(found.get(machine) ?? []), path]);
      }
    }
  };
  visit('/');
  return found;
}
