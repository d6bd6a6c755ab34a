import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { DockerEngine } from './docker-engine.ts';
import { exec, execIn, unpackDebianPackage } from './real-parts.ts';

const contents = fileURLToPath(new URL('istio-stand-ins/', import.meta.url));
/** What the shell in the build containers is asked for. */
const applets = ['sh', 'cat', 'echo', 'id', 'ln', 'mkdir', 'pwd', 'sleep', 'uname'];
export const repositories = ['istio', 'proxy', 'tools'] as const;

/** Small repositories with what the recipe of Istio needs of the real ones. */
export interface IstioStandIns {
  readonly commits: Readonly<Record<(typeof repositories)[number], string>>;
  /** A home whose git takes the recipe's addresses for these repositories. */
  readonly home: string;
}

/** Makes the repositories below a folder, with git; what runs in their containers is Debian's own for arm64. */
export async function makeIstioStandIns(folder: string): Promise<IstioStandIns> {
  const home = join(folder, 'home');
  mkdirSync(home, { recursive: true });
  const work = join(folder, 'work');
  cpSync(contents, work, { recursive: true });
  await addPrograms(folder, { work, home });
  const commits = { istio: '', proxy: '', tools: '' };
  const served = join(folder, 'served');
  for (const name of repositories)
    commits[name] = await commit(join(work, name), join(served, `${name}.git`));
  const url = `${pathToFileURL(served).href}/`;
  // As in git-config(1): the longest prefix that fits is put in the place of the address's own.
  writeFileSync(join(home, '.gitconfig'), `[url "${url}"]\n\tinsteadOf = https://github.com/istio/\n`);
  return { commits, home };
}

async function addPrograms(
  folder: string,
  { work, home }: { readonly work: string; readonly home: string },
): Promise<void> {
  const packages = await unpackDebianPackage(folder, ['busybox-static', 'make', 'libc6'], 'arm64');
  const busybox = join(packages, 'bin/busybox');
  cpSync(busybox, join(work, 'istio/docker/busybox'));
  const buildTools = join(work, 'tools/docker/build-tools');
  const links = applets.map((name) => `ln -sf busybox bin/${name}`).join(' && ');
  const kept =
    'bin usr/bin/make var $(find lib -name ld-linux-aarch64.so.1 -o -name ld-2.* -o -name libc.so.6 -o -name libdl.so.2)';
  await execIn(
    packages,
    'sh',
    '-euc',
    // Whoever builds in a container may keep things there.
    `${links} && mkdir -p var/cache && chmod 1777 var/cache && tar --owner=0 --group=0 -cf "$1" ${kept}`,
    'sh',
    join(buildTools, 'root.tar'),
  );
  await execIn(
    work,
    ...(['env', `HOME=${home}`, 'GOOS=linux', 'GOARCH=arm64', 'CGO_ENABLED=0', 'GOFLAGS=-trimpath'] as const),
    ...['go', 'build', '-o', join(buildTools, 'compile-envoy'), 'envoy.go'],
  );
}

/** Commits the folder, and gives the commit. A bare clone of it serves what any commit is asked for by. */
async function commit(work: string, served: string): Promise<string> {
  const author = ['-c', 'user.name=t', '-c', 'user.email=t@example.org'];
  const git = (...words: readonly string[]) => execIn(work, 'git', ...author, ...words);
  await git('init', '--quiet', '--initial-branch', 'master');
  await git('add', '--all');
  await git('commit', '--quiet', '--message', 'all of it');
  await exec('git', 'clone', '--quiet', '--bare', work, served);
  return (await git('rev-parse', 'HEAD')).trim();
}

/**
 * Gives the engine's client the part of buildx that preflight asks for: who has none gets one that can only say its version.
 * Nothing is built with it.
 */
export async function haveBuildx(engine: DockerEngine): Promise<void> {
  const has = await engine.docker('buildx', 'version').then(
    () => true,
    () => false,
  );
  if (has) return;
  const plugins = join(engine.environment.DOCKER_CONFIG, 'cli-plugins');
  mkdirSync(plugins, { recursive: true });
  const plugin = join(plugins, 'docker-buildx');
  const metadata = {
    SchemaVersion: '0.1.0',
    Vendor: 'test',
    Version: 'v0.0.0',
    ShortDescription: 'says its version',
  };
  writeFileSync(
    plugin,
    `#!/bin/sh
case $1 in
  docker-cli-plugin-metadata) echo '${JSON.stringify(metadata)}' ;;
  buildx) [ "$2" = version ] && echo 'stand-in v0.0.0' ;;
  *) exit 1 ;;
esac
`,
  );
  chmodSync(plugin, 0o755);
}

/** A folder with links to all programs of the others, but without some. */
export function pathWithout(folder: string, absent: readonly string[], path: string): string {
  mkdirSync(folder);
  const left = new Set(absent);
  for (const from of path.split(':').filter((one) => existsSync(one)))
    for (const name of readdirSync(from).filter((one) => !left.has(one))) {
      left.add(name);
      symlinkSync(join(from, name), join(folder, name));
    }
  return folder;
}
