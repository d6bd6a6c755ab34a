import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inject } from 'vitest';
import { Buildah, driverFor } from './buildah.ts';
import { mirror } from './debian-root.ts';
import { LayoutWriter, mountPoints, type WrittenLayer } from './layout-writer.ts';
import { armload, exec } from './real-parts.ts';

/** Servers, interpreters, a program with a capability, a library that alternatives name by its architecture's folder. */
const packages = 'nginx redis-server python3 perl curl openssh-client iputils-ping libcap2-bin libblas3';
const path = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const architectures = ['amd64', 'arm64'] as const;
type Architecture = (typeof architectures)[number];

/** Images of a registry, as `host/name:tag`. */
export interface DebianImages {
  /** One minimal Debian for amd64 and arm64: an index. */
  readonly base: string;
  /** For amd64: the base, a layer of packages, one of configuration, one of a static site. */
  readonly layered: string;
  /** The same and more, for amd64, in one layer. */
  readonly squashed: string;
  /** For amd64: the base, and one layer with a package and as much data again as the base. */
  readonly small: string;
}

/** A folder with images that are there already, so that a second run on one's own machine is quick. */
const given = process.env['ARMLOAD_DEBIAN_IMAGES'];
const baseName = 'org.opencontainers.image.base.name';
const copyOptions = ['copy', '--quiet', '--dest-tls-verify=false'];
const names = ['layered', 'squashed', 'small'] as const;

/**
 * Pushes the images to a registry. The first call of a run makes them, with debootstrap, tar and buildah, as people would,
 * which takes minutes.
 */
export async function pushDebianImages(host: string): Promise<DebianImages> {
  const folder = given ?? join(inject('sharedFolder'), 'debian-images');
  mkdirSync(folder, { recursive: true });
  const images = {
    base: `${host}/debian/base:1`,
    layered: `${host}/debian/layered:1`,
    squashed: `${host}/debian/squashed:1`,
    small: `${host}/debian/small:1`,
  };
  await pushBase(join(folder, 'base'), images.base);
  const archives = join(folder, 'images');
  if (!existsSync(archives)) await build(folder, { archives, base: images.base });
  for (const name of names) {
    await exec('skopeo', ...copyOptions, `oci:${archives}/${name}:1`, `docker://${images[name]}`);
    await nameBase(images[name], images.base);
  }
  return images;
}

/** Buildah wrote the base's name as it was then; the registry may have another port now. */
async function nameBase(reference: string, base: string): Promise<void> {
  const url = `http://${reference.replace('/', '/v2/').replace(/:([^:]*)$/, '/manifests/$1')}`;
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const response = await fetch(url, { headers: { accept: mediaType } });
  const manifest = (await response.json()) as { annotations?: Record<string, string> };
  if (manifest.annotations?.[baseName] === undefined) return;
  const annotations = { ...manifest.annotations, [baseName]: base };
  const body = JSON.stringify({ ...manifest, annotations });
  const put = await fetch(url, { method: 'PUT', headers: { 'content-type': mediaType }, body });
  if (!put.ok) throw new Error(await put.text());
}

/** Both machines' images in one index. */
async function pushBase(folder: string, base: string): Promise<void> {
  const layers = await Promise.all(architectures.map((architecture) => baseLayer(folder, architecture)));
  const writer = new LayoutWriter(join(folder, 'layout'));
  const sources = architectures.map((architecture, index) => {
    const config = { Cmd: ['bash'], Env: [path] };
    const layer = layers[index];
    if (layer === undefined) throw new Error(architecture);
    return `linux/${architecture}=${writer.addImage(architecture, { architecture, layers: [layer], config })}`;
  });
  const published = await armload(['publish', '--no-cache', '--no-audit', '--force', base, ...sources]);
  if (published.code !== 0) throw new Error(published.stderr);
}

async function baseLayer(folder: string, architecture: Architecture): Promise<WrittenLayer> {
  const record = join(folder, `${architecture}.json`);
  if (existsSync(record)) return JSON.parse(readFileSync(record, 'utf8')) as WrittenLayer;
  const root = join(folder, architecture);
  rmSync(root, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const { uri, codename } = await mirror();
  await exec('debootstrap', `--arch=${architecture}`, '--variant=minbase', codename, root, uri);
  // As Debian's own images have it: nothing starts while packages are installed.
  writeFileSync(join(root, 'usr/sbin/policy-rc.d'), '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  const writer = new LayoutWriter(join(folder, 'layout'));
  const layer = await writer.addLayer(root, {
    createdBy: `ADD ${architecture}.tar / # debootstrap`,
    without: [...mountPoints, './var/cache/apt/archives/*.deb', './var/lib/apt/lists/*', './var/log/*.log'],
  });
  rmSync(root, { recursive: true });
  writeFileSync(record, JSON.stringify(layer));
  return layer;
}

const start = `#!/bin/sh
set -e
redis-server /srv/config/redis.conf
exec nginx -g 'daemon off;'
`;
const nginxSite = `server {
  listen 8080 default_server;
  root /srv/site;
}
`;
const redisConfig = `bind 127.0.0.1
port 6380
daemonize yes
dir /var/lib/redis
`;
const program = `import platform, sqlite3, ssl
print(platform.machine(), sqlite3.connect(":memory:").execute("select 6 * 7").fetchone()[0], ssl.OPENSSL_VERSION.split()[0])
`;

function install(packages: string): string {
  const get = 'DEBIAN_FRONTEND=noninteractive apt-get -qq';
  const clean = 'rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /var/log/apt /var/log/dpkg.log';
  return `apt-get -qq update && ${get} install -y --no-install-recommends ${packages} && ${clean}`;
}

const layered = (base: string): readonly string[] => [
  `FROM ${base}`,
  `RUN ${install(packages)}`,
  'COPY config/ /',
  'COPY site/ /srv/site/',
  'ENTRYPOINT ["/usr/local/bin/start"]',
  'CMD []',
];

/** Users and groups, other owners and modes, setuid, capabilities, alternatives, copies of programs. */
const own = [
  'groupadd --gid 1600 operators',
  'useradd --uid 1500 --gid operators --create-home --shell /bin/bash worker',
  'chown worker:operators /usr/bin/curl',
  'chmod 4750 /usr/bin/curl',
  'setcap cap_net_bind_service=ep /usr/sbin/nginx',
  'cp /usr/bin/redis-cli /usr/local/bin/own-cli',
  'setcap cap_net_raw,cap_net_admin=ep /usr/local/bin/own-cli',
  'install -o worker -g operators -m 2755 /usr/bin/sha256sum /usr/local/bin/own-sum',
  'update-alternatives --install /usr/bin/python python /usr/bin/python3 10',
  'ln /usr/local/bin/own-sum /usr/local/bin/own-sum-too',
];

const small = (base: string): readonly string[] => [
  `FROM ${base}`,
  `RUN ${install('iputils-ping')} && head -c 60000000 /dev/urandom > /srv/data`,
];

const squashed = (image: string): readonly string[] => [`FROM ${image}`, `RUN ${own.join(' && ')}`];

/** Builds the images for amd64, and leaves each in an OCI layout. */
async function build(folder: string, { archives, base }: { archives: string; base: string }): Promise<void> {
  const context = join(folder, 'context');
  writeContext(context);
  const buildah = new Buildah(join(folder, 'buildah'), await driverFor(join(folder, 'overlay')));
  try {
    const image = 'localhost/layered';
    await buildah.build(context, { lines: layered(base), options: ['--layers', '-t', image] });
    await buildah.build(context, {
      lines: squashed(image),
      options: ['-t', 'localhost/squashed'],
    });
    await buildah.build(context, { lines: small(base), options: ['-t', 'localhost/small'] });
    const making = `${archives}-in-the-making`;
    rmSync(making, { recursive: true, force: true });
    mkdirSync(making);
    for (const name of ['layered', 'small'])
      await buildah.run('push', '--quiet', `localhost/${name}`, `oci:${making}/${name}:1`);
    await buildah.mounted('localhost/squashed', (root) => writeSquashed(join(making, 'squashed'), root));
    renameSync(making, archives);
  } finally {
    await buildah.remove();
  }
}

/** All of it in one layer, as `docker export` and flattening tools leave it: nothing tells where it came from. */
async function writeSquashed(folder: string, root: string): Promise<void> {
  const writer = new LayoutWriter(folder);
  const layer = await writer.addLayer(root, { createdBy: 'ADD root.tar /' });
  const config = { Entrypoint: ['/usr/local/bin/start'], Env: [path], ExposedPorts: { '8080/tcp': {} } };
  writer.addImage('1', { architecture: 'amd64', layers: [layer], config });
}

function writeContext(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  const files: Readonly<Record<string, string>> = {
    'config/usr/local/bin/start': start,
    'config/etc/nginx/conf.d/site.conf': nginxSite,
    'config/srv/config/redis.conf': redisConfig,
    'config/srv/app/program.py': program,
    'site/index.html': '<h1>ported</h1>\n',
  };
  for (const [path, content] of Object.entries(files)) {
    const file = join(folder, path);
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, content, { mode: content.startsWith('#!') ? 0o755 : 0o644 });
  }
}
