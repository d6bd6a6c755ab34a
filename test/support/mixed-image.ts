import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Buildah } from './buildah.ts';
import type { DebianImages } from './debian-images.ts';
import { type GoWorkplace, publicModule } from './go-programs.ts';
import { exec, execIn } from './real-parts.ts';

/** Debian's own pip, of the version of Python that its images have. */
export const pip = '/usr/bin/pip3';

/** Node from Debian, a Go program of Debian's, a Python package with machine code of Debian's, what makes environments. */
const packages = 'nodejs gosu python3-yaml python3-venv';
/** Libraries beside it, a small extension, a program of Go, nothing but Python. */
const wheels = ['numpy==1.26.4', 'MarkupSafe==2.1.5', 'shfmt-py==3.13.0.3', 'idna==3.10'];
/** A program of Go, an add-on with its library, and two of JavaScript alone. */
const nodePackages = { esbuild: '0.25.0', sharp: '0.33.5', ms: '2.1.3', mustache: '4.2.0' };

/** Where each thing is, without a leading slash. */
export const places = {
  environment: 'opt/venv/lib/python3.11/site-packages',
  ofWheel: 'opt/venv/bin/shfmt',
  front: 'srv/front/node_modules',
  sidecar: 'usr/local/bin/tool',
  formatter: 'usr/local/bin/gofumpt',
} as const;

const report = `import sys
import markupsafe, numpy, idna
a = numpy.arange(12.0).reshape(3, 4)
print("python", numpy.linalg.norm(a).round(9), (a @ a.T).sum(), markupsafe.escape("<&>"), markupsafe._speedups.__name__)
print("idna", idna.encode("ü.example"), sys.prefix)
`;
const front = `
const [esbuild, sharp, ms, mustache] = ['esbuild', 'sharp', 'ms', 'mustache'].map((name) => require(name));
(async () => {
  const { code } = esbuild.transformSync('export const y: number = 1 + 1', { loader: 'ts', minify: true });
  const background = { r: 200, g: 30, b: 60 };
  const png = await sharp({ create: { width: 9, height: 7, channels: 3, background } }).png().toBuffer();
  const { data } = await sharp(png).resize(4, 4).greyscale().raw().toBuffer({ resolveWithObject: true });
  console.log(mustache.render('node {{code}} {{pixels}} {{after}}', { code, pixels: [...data], after: ms('2 days') }));
})();
`;
/** Starts what the image consists of, one after the other. What they say depends on no machine. */
const entry = `#!/bin/sh
set -eu
. /usr/local/lib/parts.sh
case "\${1:-report}" in
  report) system; server; python; node_front; sidecars ;;
  *) exec "$@" ;;
esac
`;
const parts = `system() {
  echo "gosu $(gosu nobody id -un)"
  /usr/bin/python3 -c 'import yaml; print("yaml", yaml.__with_libyaml__, yaml.load("a: [1, 2]", Loader=yaml.CSafeLoader))'
  nginx -v 2>&1
}
server() {
  redis-server --port 0 --unixsocket /tmp/redis.sock --save '' --dir /tmp --daemonize yes > /dev/null
  until redis-cli -s /tmp/redis.sock ping > /dev/null 2>&1; do sleep 0.2; done
  redis-cli -s /tmp/redis.sock set answer 42
  echo "redis $(redis-cli -s /tmp/redis.sock get answer)"
  redis-cli -s /tmp/redis.sock shutdown nosave
}
python() {
  /opt/venv/bin/python /srv/report/report.py
  printf 'if true\\nthen\\necho    yes\\nfi\\n' | /opt/venv/bin/shfmt -i 2 -s
}
node_front() { node /srv/front/index.js; }
sidecars() {
  tool
  printf 'package p\\nfunc  f( ) {\\n\\n}\\n' | gofumpt
}
`;

export interface MixedParts {
  readonly folder: string;
  /** Of the registry that the image is pushed to. */
  readonly host: string;
  readonly images: DebianImages;
  readonly go: GoWorkplace;
  readonly buildah: Buildah;
}

/**
 * Pushes an image for amd64 as people make it: Debian's base, packages of apt in two layers, a virtual environment of
 * wheels, a Node front end whose owner is changed later, Go programs, and the scripts that start them all. Gives its
 * reference.
 */
export async function pushMixedImage({ folder, host, images, go, buildah }: MixedParts): Promise<string> {
  const context = join(folder, 'mixed');
  for (const part of ['wheels', 'sidecars', 'front']) mkdirSync(join(context, part), { recursive: true });
  await addWheels(join(context, 'wheels'));
  await addFront(join(context, 'front'));
  await addSidecars(join(context, 'sidecars'), go);
  write(context, { 'report/report.py': report, 'bin/serve': entry, 'lib/parts.sh': parts });
  const reference = `${host}/mixed:1`;
  const volume = `${join(context, 'wheels')}:/wheels:ro`;
  await buildah.build(context, {
    lines: lines(images.layered),
    options: ['--layers', '--volume', volume, '-t', 'localhost/mixed'],
  });
  await buildah.run('push', '--quiet', '--tls-verify=false', 'localhost/mixed', `docker://${reference}`);
  return reference;
}

const lines = (from: string): readonly string[] => [
  `FROM ${from}`,
  `RUN apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends ${packages} && rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin`,
  `RUN python3 -m venv /opt/venv && /opt/venv/bin/pip install --quiet --no-index --find-links /wheels ${wheels.join(' ')}`,
  'COPY report/ /srv/report/',
  'COPY front/ /srv/front/',
  'COPY --chmod=755 sidecars/ /usr/local/bin/',
  'COPY lib/ /usr/local/lib/',
  'COPY bin/ /usr/local/bin/',
  // What was copied is there once more with it, as so often.
  'RUN useradd --system front && chown -R front:front /srv/front && rm -r /srv/front/node_modules/mustache/bin',
  'ENTRYPOINT ["/usr/local/bin/serve"]',
  'CMD ["report"]',
];

/** As pip for amd64 has them, so that the environment is made without a network. */
async function addWheels(folder: string): Promise<void> {
  const how = ['download', '--quiet', '--no-deps', '--only-binary', ':all:', '--dest', folder];
  await exec(pip, ...how, ...wheels);
}

async function addFront(folder: string): Promise<void> {
  write(folder, {
    'package.json': JSON.stringify({ name: 'front', private: true, dependencies: nodePackages }),
    'index.js': front,
  });
  await execIn(folder, 'npm', 'install', '--silent', '--ignore-scripts', '--no-audit', '--no-fund');
  // What its install script does: the program in place of its own script.
  await execIn(join(folder, 'node_modules/esbuild'), 'node', 'install.js');
}

/** One of a revision of a repository, and one of a module's version. */
async function addSidecars(folder: string, go: GoWorkplace): Promise<void> {
  const stamped = await go.build(await go.checkout(), '-ldflags=-X main.version=1.2.3', './cmd/tool');
  writeFileSync(join(folder, 'tool'), stamped);
  writeFileSync(join(folder, 'gofumpt'), await go.install(publicModule, '-trimpath', '-ldflags=-s -w'));
}

function write(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [path, content] of Object.entries(files)) {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content, { mode: content.startsWith('#!') ? 0o755 : 0o644 });
  }
}
