// Builds the experiment's amd64 images with debootstrap and buildah, and pushes them to a registry in the work folder:
//   node scripts/experiments/debian-ports/build.mjs --work DIR [--only NAME]... [--controls]
// Needs root, debootstrap, buildah, docker-registry, and the kernel's emulation of arm64 for the arm64 base images. What is
// built already is left as it is; one release's images after another, both releases at a time. With --controls the same is
// built for arm64 under emulation, as `docker build` would: what doesn't run there either isn't the port's fault.
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openRegistry, readArguments, readRecord, run, say, writeRecord } from './work.mjs';

const armload = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));
const { work, chosen, controls } = readArguments({ controls: { type: 'boolean' } });
const wanted = controls
  ? { architecture: 'arm64', record: 'controls-built', tag: 'control' }
  : { architecture: 'amd64', record: 'built', tag: 'amd64' };

/** As Debian's own images have it: nothing starts while packages are installed. */
const policy = "printf '#!/bin/sh\\nexit 101\\n' > /usr/sbin/policy-rc.d && chmod +x /usr/sbin/policy-rc.d";
/** As Debian's slim images have it: no documentation, now and later. */
const slim = [
  'printf "path-exclude /usr/share/doc/*\\npath-include /usr/share/doc/*/copyright\\npath-exclude /usr/share/man/*\\npath-exclude /usr/share/locale/*\\npath-exclude /usr/share/info/*\\n" > /etc/dpkg/dpkg.cfg.d/docker',
  'find /usr/share/doc -mindepth 2 -not -name copyright -not -type d -delete',
  'rm -rf /usr/share/man/* /usr/share/locale/* /usr/share/info/*',
].join(' && ');
const clean = 'rm -rf /var/lib/apt/lists/* /var/log/apt/* /var/log/dpkg.log';

const variant = ({ release, slim: isSlim }) => (isSlim ? `${release}-slim` : release);

/** Where this machine gets its packages from, with the suites of a release. */
async function sourcesOf(release) {
  const format = '$(CREATED_BY) $(ORIGIN) $(REPO_URI) $(CODENAME)';
  const targets = (await run('apt-get', ['indextargets', '--format', format]))
    .split('\n')
    .map((line) => line.split(' '));
  const uriOf = (suffix) =>
    targets.find(
      ([by, origin, , codename]) =>
        by === 'Packages' &&
        origin === 'Debian' &&
        /^[a-z]+(-security)?$/.test(codename) &&
        codename.endsWith('-security') === suffix,
    )?.[2];
  const [main, security] = [uriOf(false), uriOf(true)];
  if (main === undefined) throw new Error('apt-get names no source of Debian packages');
  const stanza = (uri, suites) =>
    `Types: deb\nURIs: ${uri.replace(/\/$/, '')}\nSuites: ${suites}\nComponents: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n`;
  const list = [stanza(main, `${release} ${release}-updates`)];
  if (security !== undefined) list.push(stanza(security, `${release}-security`));
  return { main, text: list.join('\n') };
}

class Release {
  constructor(release, registry) {
    this.release = release;
    this.registry = registry;
    this.folder = join(work, 'build', release);
    mkdirSync(join(this.folder, 'archives/partial'), { recursive: true });
    mkdirSync(join(this.folder, 'lists/partial'), { recursive: true });
  }

  /** `arguments` of buildah with a storage of this release. */
  buildah(...args) {
    const places = ['--root', join(this.folder, 'storage'), '--runroot', join(this.folder, 'run')];
    return run('buildah', [...places, '--storage-driver', 'overlay', ...args]);
  }

  /** Builds a Containerfile with apt's downloads shared among images. */
  async build(tag, lines, options = []) {
    const context = join(this.folder, 'context');
    rmSync(context, { recursive: true, force: true });
    mkdirSync(context, { recursive: true });
    const file = join(context, 'Containerfile');
    writeFileSync(file, `${lines.join('\n')}\n`);
    const volumes = ['archives', 'lists'].flatMap((name) => [
      '--volume',
      `${this.folder}/${name}:/var/${name === 'lists' ? 'lib/apt/lists' : 'cache/apt/archives'}`,
    ]);
    await this.buildah(
      'build',
      '--isolation',
      'chroot',
      '--network',
      'host',
      '--no-cache',
      ...volumes,
      ...options,
      '-t',
      tag,
      '-f',
      file,
      this.folder,
    );
  }

  /** A minimal root of an architecture as a tar file. */
  async root(architecture, mirror) {
    const file = join(this.folder, `root-${architecture}.tar`);
    if (existsSync(file)) return;
    say(`${this.release}: debootstrap for ${architecture}`);
    const root = join(this.folder, 'root');
    rmSync(root, { recursive: true, force: true });
    await run('debootstrap', [`--arch=${architecture}`, '--variant=minbase', this.release, root, mirror]);
    const without = [
      './dev/*',
      './proc/*',
      './sys/*',
      './var/cache/apt/archives/*.deb',
      './var/lib/apt/lists/*',
    ].map((pattern) => `--exclude=${pattern}`);
    await run('tar', [
      '-C',
      root,
      '--numeric-owner',
      '--xattrs',
      '--xattrs-include=*',
      ...without,
      '-cf',
      `${file}.new`,
      '.',
    ]);
    rmSync(root, { recursive: true });
    renameSync(`${file}.new`, file);
  }

  /** The base images, plain and slim, as indexes for both architectures. */
  async bases() {
    if (readRecord(this.folder, 'bases') !== undefined) return;
    const { main, text } = await sourcesOf(this.release);
    for (const architecture of ['amd64', 'arm64']) {
      await this.root(architecture, main);
      for (const tag of [this.release, `${this.release}-slim`]) {
        say(`base ${tag} for ${architecture}`);
        const sources = `rm -f /etc/apt/sources.list && printf '${text.replaceAll('\n', '\\n')}' > /etc/apt/sources.list.d/debian.sources`;
        const upgrade = 'apt-get -qq update && apt-get -qq -y upgrade';
        const lines = [
          'FROM scratch',
          `ADD root-${architecture}.tar /`,
          `RUN ${[sources, policy, upgrade, ...(tag.endsWith('-slim') ? [slim] : []), clean].join(' && ')}`,
          'CMD ["bash"]',
        ];
        await this.build(`localhost/base:${tag}-${architecture}`, lines, [
          '--squash',
          '--platform',
          `linux/${architecture}`,
        ]);
        await this.push(`localhost/base:${tag}-${architecture}`, `base:${tag}-${architecture}`);
      }
    }
    for (const tag of [this.release, `${this.release}-slim`]) {
      const parts = ['amd64', 'arm64'].map((one) => `linux/${one}=${this.registry}/base:${tag}-${one}`);
      await run(process.execPath, [armload, 'publish', `${this.registry}/base:${tag}`, ...parts]);
    }
    writeRecord({ built: new Date().toISOString() }, this.folder, 'bases');
  }

  push(image, name) {
    return this.buildah('push', '--quiet', '--tls-verify=false', image, `docker://${this.registry}/${name}`);
  }

  /** One image of the list. */
  async image(image) {
    const started = performance.now();
    const install = `apt-get -qq update && apt-get -qq install -y --no-install-recommends ${image.packages}`;
    const lines = [
      `FROM localhost/base:${variant(image)}-${wanted.architecture}`,
      'ENV DEBIAN_FRONTEND=noninteractive',
      `RUN ${install} && ${clean}`,
      ...(image.setup ? [`RUN ${image.setup}`] : []),
      'CMD ["sh"]',
    ];
    const tag = `localhost/image:${image.name}`;
    const platform = ['--platform', `linux/${wanted.architecture}`];
    await this.build(tag, lines, image.layered ? platform : [...platform, '--squash']);
    await this.push(tag, `${image.name}:${wanted.tag}`);
    await this.buildah('rmi', tag);
    const seconds = (performance.now() - started) / 1000;
    writeRecord({ name: image.name, seconds }, work, wanted.record, image.name);
    say(`${image.name}: ${seconds.toFixed(0)} s`);
  }
}

const registry = await openRegistry(work);
let failures = 0;
try {
  const releases = [...new Set(chosen.map(({ release }) => release))];
  await Promise.all(
    releases.map(async (name) => {
      const release = new Release(name, registry.host);
      await release.bases();
      for (const image of chosen.filter(({ release: of }) => of === name)) {
        if (readRecord(work, wanted.record, image.name) !== undefined) continue;
        await release.image(image).catch((error) => {
          failures += 1;
          say(`${image.name} can't be built: ${String(error.stderr ?? error).slice(-1500)}`);
        });
      }
    }),
  );
} finally {
  await registry.stop();
}
process.exitCode = failures === 0 ? 0 : 1;
