// Images as people build them, of Debian packages on a base for two machines, in a registry.
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { command } from './measure.mjs';

const execute = promisify(execFile);
const run = (program, ...args) => execute(program, args, { maxBuffer: 256 * 1024 * 1024 });

/** A compiler, modules of interpreters, servers, and what they need: about 1 GB. */
const packages = 'gcc g++ python3-scipy python3-pandas nodejs ruby postgresql nginx redis-server curl perl';
/** As much again: a compiler and a virtual machine with libraries of their own. */
const more = 'golang-go default-jdk-headless';
/** Files that packages bring, without their being installed. */
const files = 'fonts-noto-cjk fonts-noto-extra openjdk-17-doc python3.11-doc golang-1.19-src';

const install = (names) =>
  `RUN apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends ${names} && apt-get clean && rm -rf /var/lib/apt/lists/*`;

/** The stages of one Dockerfile: what is above the base in each image. */
export const dockerfile = (base) => `FROM ${base} AS packages
${install(packages)}
COPY site /srv/site

FROM packages AS large
${install(more)}

FROM ${base} AS fetched
RUN apt-get -qq update && cd /tmp && apt-get -qq download ${files} && for deb in *.deb; do dpkg-deb -x $deb /srv/files; done

FROM ${base} AS neutral
COPY --from=fetched /srv/files /srv/files
COPY site /srv/site
`;

/** What the Dockerfile copies. */
export function writeContext(folder, base) {
  mkdirSync(join(folder, 'site'), { recursive: true });
  writeFileSync(join(folder, 'site/index.html'), '<h1>hello</h1>\n');
  writeFileSync(join(folder, 'Dockerfile'), dockerfile(base));
}

/**
 * Pushes `bench/base:1` for both machines, and for amd64 `bench/packages:1`, `bench/large:1` and `bench/neutral:1`. What the
 * folder has from an earlier run is not made again.
 */
export async function makeImages({ folder, engine, host }) {
  const base = `${host}/bench/base:1`;
  const context = join(folder, 'context');
  for (const architecture of ['amd64', 'arm64']) {
    const image = `${host}/bench/base:${architecture}`;
    const root = await rootOf(folder, architecture);
    writeFileSync(join(root, 'Dockerfile'), 'FROM scratch\nADD root.tar /\nCMD ["bash"]\n');
    await engine.docker(['build', '--quiet', '--platform', `linux/${architecture}`, '--tag', image, root]);
    await engine.docker(['push', '--quiet', image]);
  }
  const sources = ['amd64', 'arm64'].map((one) => `linux/${one}=${host}/bench/base:${one}`);
  await run(process.execPath, command, 'publish', '--no-audit', '--no-cache', '--force', base, ...sources);
  writeContext(context, base);
  for (const name of ['packages', 'large', 'neutral']) {
    const image = `${host}/bench/${name}:1`;
    const how = ['--network=host', '--platform', 'linux/amd64', '--target', name];
    await engine.docker(['build', '--quiet', ...how, '--tag', image, context]);
    await engine.docker(['push', '--quiet', image]);
  }
}

/** A folder with a minimal Debian as a tar file. */
async function rootOf(folder, architecture) {
  const made = join(folder, architecture);
  if (existsSync(made)) return made;
  const [making, root] = [`${made}-in-the-making`, join(folder, 'root')];
  for (const path of [making, root]) rmSync(path, { recursive: true, force: true });
  mkdirSync(making);
  const { uri, codename } = await mirror();
  await run('debootstrap', `--arch=${architecture}`, '--variant=minbase', codename, root, uri);
  // As Debian's own images have it: nothing starts while packages are installed.
  writeFileSync(join(root, 'usr/sbin/policy-rc.d'), '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  const without = [
    './dev/*',
    './proc/*',
    './sys/*',
    './var/cache/apt/archives/*.deb',
    './var/lib/apt/lists/*',
  ];
  const excluded = without.map((pattern) => `--exclude=${pattern}`);
  await run('tar', '-C', root, '--numeric-owner', ...excluded, '-cf', join(making, 'root.tar'), '.');
  rmSync(root, { recursive: true });
  renameSync(making, made);
  return made;
}

/** Where this machine gets its own packages from. */
async function mirror() {
  const { stdout } = await run(
    'apt-get',
    'indextargets',
    '--format',
    '$(CREATED_BY) $(REPO_URI) $(CODENAME)',
  );
  const main = stdout.split('\n').find((line) => line.startsWith('Packages '));
  const [, uri, codename] = main?.split(' ') ?? [];
  if (uri === undefined || codename === undefined) throw new Error('apt-get names no source of packages');
  return { uri, codename };
}
