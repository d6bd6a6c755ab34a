// Alpine packages, installed by another implementation of apk, are ported: it reads in the new image what it would have
// installed there itself, and the programs answer as on the old machine.
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { directory, executable, file, symlink } from '../../src/fixture/index.ts';
import {
  type ApkSpec,
  apkOf,
  keyName,
  keyPem,
  repositoryOf,
  type Signing,
} from '../../src/port/counterparts/apk/apk.test-support.ts';
import type { Answer } from '../../src/port/counterparts/shared/packages/scene.test-support.ts';
import { sharedPortWorld } from '../../src/port/shared-world.test-support.ts';
import { imageOfFolder, unpackArm64 } from '../support/package-roots.ts';
import { exec, execIn, hasPrograms, temporaryFolder } from '../support/real-parts.ts';

const here =
  process.arch === 'x64' &&
  process.getuid?.() === 0 &&
  (await hasPrograms('go', 'gcc', 'aarch64-linux-gnu-gcc', 'qemu-aarch64-static'));

const folder = temporaryFolder();
const world = sharedPortWorld();
const installer = join(folder.path, 'installer');
const answers = new Map<string, Answer>();
let server: Server;
let url: string;

type Architecture = 'x86_64' | 'aarch64';
const compilers = { x86_64: 'gcc', aarch64: 'aarch64-linux-gnu-gcc' };
const source = `#include <stdio.h>
int main(void) {
  char text[64] = "";
  FILE *file = fopen("/usr/share/greet/text", "r");
  if (file == NULL || fgets(text, sizeof text, file) == NULL) return 1;
  printf("greet: %s", text);
  return 0;
}
`;

async function compiled(
  architecture: Architecture,
  name: string,
  ...options: readonly string[]
): Promise<Buffer> {
  const [code, out] = [join(folder.path, `${name}.c`), join(folder.path, `${name}-${architecture}`)];
  writeFileSync(code, name === 'greet' ? source : 'int greet(void) { return 42; }\n');
  await exec(compilers[architecture], '-O1', ...options, '-o', out, code);
  return readFileSync(out);
}

async function packagesFor(architecture: Architecture): Promise<readonly ApkSpec[]> {
  const library = `libgreet-${architecture}.so.1`;
  return [
    {
      ...{ name: 'greet-data', version: '7-r1', architecture },
      files: [file('usr/share/greet/text', 'good morning\n'), { ...directory('var/greet'), mode: 0o750 }],
    },
    {
      ...{ name: 'libgreet', version: '1.0_rc1-r0', architecture },
      fields: { p: `so:${library}=1`, o: 'greet' },
      files: [
        executable(
          `usr/lib/${library}`,
          await compiled(architecture, 'lib', '-shared', '-fPIC', `-Wl,-soname,${library}`),
        ),
        symlink('usr/lib/libgreet.so', library),
      ],
    },
    {
      ...{ name: 'greet', version: '1.2-r3', architecture },
      fields: { D: `greet-data so:${library}`, p: 'cmd:greet=1.2-r3' },
      files: [
        executable('usr/bin/greet', await compiled(architecture, 'greet', '-static')),
        symlink('usr/bin/hello', 'greet'),
        file('etc/greet.conf', 'color = red\n', 0o600),
      ],
      scripts: { '.post-install': '#!/bin/sh\necho installed\n', '.trigger': '#!/bin/sh\necho "$@"\n' },
      triggers: '/usr/share/greet /etc/*',
    },
  ];
}

async function offer(architecture: Architecture, signing: Signing): Promise<void> {
  const made = await Promise.all((await packagesFor(architecture)).map((spec) => apkOf(spec, signing)));
  for (const [path, answer] of await repositoryOf(made, { architecture, signing })) answers.set(path, answer);
}

/** As apk sets up a root and installs into it. */
async function install(root: string, architecture: Architecture): Promise<void> {
  mkdirSync(root);
  const key = join(folder.path, keyName);
  writeFileSync(key, keyPem);
  await exec(installer, 'install', root, architecture, `${url}/main`, key, 'greet');
}

const listed = async (root: string): Promise<readonly string[]> =>
  (await exec(installer, 'list', root)).trim().split('\n');

beforeAll(async () => {
  if (!here) return;
  const module = join(folder.path, 'module');
  mkdirSync(module, { recursive: true });
  copyFileSync(
    fileURLToPath(new URL('../support/apk-installer/main.go', import.meta.url)),
    join(module, 'main.go'),
  );
  writeFileSync(
    join(module, 'go.mod'),
    'module installer\n\ngo 1.22.3\n\nrequire github.com/chainguard-dev/go-apk v0.0.0-20240605175618-f3471089c263\n',
  );
  await execIn(module, 'go', 'build', '-mod=mod', '-buildvcs=false', '-o', installer, '.');
  await offer('x86_64', {});
  await offer('aarch64', {});
  server = createServer((request, response) => {
    const answer = answers.get(decodeURIComponent((request.url ?? '').slice(1)));
    if (answer instanceof Uint8Array) response.end(answer);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await install(join(folder.path, 'old'), 'x86_64');
  await install(join(folder.path, 'honest'), 'aarch64');
  // What its post-install script would have made, as busybox's does.
  symlinkSync('/usr/bin/greet', join(folder.path, 'old/usr/bin/made-by-script'));
}, 600_000);
afterAll(() => {
  server?.close();
  folder.remove();
});

/** SHA-1 by path. */
function sumsIn(installed: string): readonly (readonly [string, string])[] {
  const sums: (readonly [string, string])[] = [];
  let [folderName, name] = ['', ''];
  for (const line of installed.split('\n')) {
    const value = line.slice(2);
    if (line.startsWith('F:')) folderName = value;
    if (line.startsWith('R:')) name = value;
    if (line.startsWith('Z:Q1'))
      sums.push([`/${folderName}/${name}`, Buffer.from(value.slice(2), 'base64').toString('hex')]);
  }
  return sums;
}

describe.skipIf(!here)('an image with Alpine packages', () => {
  test('is ported to what would have been installed on the new machine, and answers the same', async () => {
    const [old, honest, place] = ['old', 'honest', 'ported'].map((name) => join(folder.path, name)) as [
      string,
      string,
      string,
    ];
    const layout = join(folder.path, 'layout');
    const reference = await world.pushed(await imageOfFolder(old, folder.path, { Cmd: ['/usr/bin/greet'] }));
    const { result } = await world.port(reference, { noBase: true, to: `oci:${layout}:1` });
    expect([result.why, result.refusals]).toEqual([expect.any(String), []]);
    expect(result.outcome).toBe('published');
    await unpackArm64(layout, place);
    expect(await listed(old)).not.toEqual(await listed(honest));
    expect(await listed(place)).toEqual(await listed(honest));
    expect(readlinkSync(join(place, 'usr/bin/made-by-script'))).toBe('/usr/bin/greet');
    for (const name of ['lib/apk/db/triggers', 'etc/apk/arch', 'etc/apk/world'])
      expect([name, readFileSync(join(place, name), 'utf8')]).toEqual([
        name,
        readFileSync(join(honest, name), 'utf8'),
      ]);
    const scripts = async (root: string): Promise<string> =>
      exec('tar', '-tf', join(root, 'lib/apk/db/scripts.tar'));
    expect(await scripts(place)).toBe(await scripts(honest));
    copyFileSync('/usr/bin/qemu-aarch64-static', join(place, 'qemu'));
    const greeting = await exec('chroot', old, '/usr/bin/greet');
    expect(greeting).toBe('greet: good morning\n');
    expect(await exec('chroot', place, '/qemu', '/usr/bin/greet')).toBe(greeting);
  });

  test('has the files that its database tells', async () => {
    const place = join(folder.path, 'ported');
    const sums = sumsIn(readFileSync(join(place, 'lib/apk/db/installed'), 'utf8'));
    expect(sums.length).toBeGreaterThan(4);
    for (const [path, sum] of sums) {
      expect([path, existsSync(join(place, path)) || lstatSync(join(place, path)).isSymbolicLink()]).toEqual([
        path,
        true,
      ]);
      const isLink = lstatSync(join(place, path)).isSymbolicLink();
      const content = isLink ? readlinkSync(join(place, path)) : readFileSync(join(place, path));
      expect([path, createHash('sha1').update(content).digest('hex')]).toEqual([path, sum]);
    }
  });
});
