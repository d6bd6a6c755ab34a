// A fleet of images that have most of their layers and packages in common, in a registry, with the archive of the packages.
import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { gzipSync } from 'node:zlib';
import {
  buildImage,
  buildIndex,
  contentOf,
  file,
  push,
  userland,
  writeElf,
} from '../dist/lib/fixture/index.js';
import { digestOf } from '../dist/lib/oci/index.js';
import { createRegistryClient } from '../dist/lib/registry/index.js';
import { writeTar } from '../dist/lib/tar/index.js';

const triplets = { amd64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' };
const gzip = 'application/vnd.oci.image.layer.v1.tar+gzip';
const hash = (algorithm, bytes) => createHash(algorithm).update(bytes).digest('hex');

/**
 * Makes the parts: a base of two layers, a layer of packages that four of five images have, one of the application, and what
 * is each image's own. Sizes are bytes.
 */
export async function makeParts({ packageNames, extraNames, baseBytes, packageBytes, appBytes }) {
  const shared = randomBytes(baseBytes);
  const below = (machine) => [
    userland(machine).filter(({ name }) => name !== 'var/lib/dpkg/status'),
    [file('opt/base.bin', shared)],
  ];
  const platform = (architecture) => ({ os: 'linux', architecture });
  const images = await Promise.all(
    ['amd64', 'arm64'].map((machine) =>
      buildImage({ platform: platform(machine), layers: below(machine), config: { Cmd: ['/usr/bin/sh'] } }),
    ),
  );
  const data = new Map([...packageNames, ...extraNames].map((name) => [name, randomBytes(packageBytes)]));
  return {
    base: buildIndex(images),
    baseLayers: await Promise.all(below('amd64').map(layerOf)),
    appLayer: await layerOf([file('srv/app.bin', randomBytes(appBytes))]),
    data,
  };
}

/** Pushes the base and the images; gives the images' references. */
export async function pushImages(host, parts, { count, packageNames, extraNames, ownBytes, archive, label }) {
  const client = createRegistryClient();
  const names = (index) =>
    index % 5 === 0 ? [...packageNames, extraNames[(index / 5) % extraNames.length]] : packageNames;
  const layers = new Map();
  const packagesLayer = (wanted) => {
    const key = wanted.join();
    if (!layers.has(key)) layers.set(key, layerOf(installed(wanted, parts.data, archive)));
    return layers.get(key);
  };
  try {
    await push(client.repository({ registry: host, repository: 'base' }), parts.base, { tag: '12' });
    const references = [];
    for (let index = 0; index < count; index += 1) {
      const own = await layerOf([file(`srv/own${index}.bin`, randomBytes(ownBytes))]);
      const all = [...parts.baseLayers, await packagesLayer(names(index)), parts.appLayer, own];
      const repository = `shop/image${index}`;
      await push(client.repository({ registry: host, repository }), imageOf(all, label), { tag: '1' });
      references.push(`${host}/${repository}:1`);
    }
    return references;
  } finally {
    await client.close();
  }
}

/** An archive of these packages for arm64, which nobody signed. `sent` is the bytes that it has sent. */
export async function serveArchive(data) {
  const files = new Map();
  const paragraphs = [];
  for (const [name, bytes] of data) {
    const deb = await debOf(name, bytes);
    const path = `pool/${name}.deb`;
    files.set(path, deb);
    paragraphs.push(
      `Package: ${name}\nVersion: 1.0-1\nArchitecture: arm64\nFilename: ${path}\nSize: ${deb.length}\nSHA256: ${hash('sha256', deb)}\n`,
    );
  }
  const index = gzipSync(paragraphs.join('\n'));
  const path = 'main/binary-arm64/Packages.gz';
  files.set(`dists/stable/${path}`, index);
  const now = Date.now();
  const date = (days) => new Date(now + days * 86_400_000).toUTCString();
  files.set(
    'dists/stable/Release',
    Buffer.from(
      `Suite: stable\nCodename: stable\nDate: ${date(-1)}\nValid-Until: ${date(7)}\nArchitectures: arm64\nSHA256:\n ${hash('sha256', index)} ${index.length} ${path}\n`,
    ),
  );
  const counted = { sent: 0, packages: 0 };
  const server = createServer((request, response) => {
    const found = files.get(request.url.replace(/^\/debian\//, ''));
    if (found === undefined) return response.writeHead(404).end();
    counted.sent += found.length;
    if (request.url.endsWith('.deb')) counted.packages += 1;
    response.writeHead(200, { 'content-length': found.length }).end(found);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    counted,
    origin: `http://127.0.0.1:${server.address().port}/debian`,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

async function bytesOf(members) {
  const chunks = [];
  for await (const chunk of writeTar(members)) chunks.push(Uint8Array.from(chunk));
  return Buffer.concat(chunks);
}

async function layerOf(members) {
  const tar = await bytesOf(members);
  return { diffId: digestOf(tar), content: contentOf(gzip, gzipSync(tar, { level: 1 })) };
}

function imageOf(layers, label) {
  const document = (type, value) => contentOf(type, Buffer.from(JSON.stringify(value)));
  const config = document('application/vnd.oci.image.config.v1+json', {
    ...{ created: '1970-01-01T00:00:00Z', architecture: 'amd64', os: 'linux' },
    config: { Cmd: ['/usr/bin/sh'], Labels: { 'org.opencontainers.image.base.name': label } },
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
  });
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const manifest = document(mediaType, {
    ...{ schemaVersion: 2, mediaType, config: config.descriptor },
    layers: layers.map(({ content }) => content.descriptor),
  });
  return { manifest, blobs: [config, ...layers.map(({ content }) => content)], children: [] };
}

function filesOf(name, machine, bytes) {
  return [
    file(
      `usr/lib/${triplets[machine]}/${name}.so.1`,
      writeElf({ machine, kind: 'library', soname: `${name}.so.1` }),
    ),
    file(`usr/share/${name}/data`, bytes),
  ];
}

function foldersOf(files) {
  const folders = files.flatMap(({ name }) => {
    const parts = name.split('/').slice(0, -1);
    return parts.map((_, at) => parts.slice(0, at + 1).join('/'));
  });
  return [...new Set(folders)].map((name) => ({ name, type: 'directory' }));
}

/** What dpkg writes where it installs these. */
function installed(names, data, origin) {
  const all = names.map((name) => ({ name, files: filesOf(name, 'amd64', data.get(name)) }));
  const info = all.flatMap(({ name, files }) => {
    const list = [
      '/.',
      ...foldersOf(files).map((one) => `/${one.name}`),
      ...files.map((one) => `/${one.name}`),
    ];
    return [
      file(`var/lib/dpkg/info/${name}.list`, `${list.join('\n')}\n`),
      file(`var/lib/dpkg/info/${name}.md5sums`, sumsOf(files)),
    ];
  });
  const status = names.map(
    (name) => `Package: ${name}\nStatus: install ok installed\nVersion: 1.0-1\nArchitecture: amd64\n`,
  );
  const files = all.flatMap((one) => one.files);
  return [
    ...foldersOf(files),
    ...files,
    ...info,
    file('var/lib/dpkg/status', `${status.join('\n')}\n`),
    file('etc/apt/sources.list', `deb ${origin} stable main\n`),
  ];
}

function sumsOf(files) {
  return files.map(({ name, body }) => `${hash('md5', body)}  ${name}\n`).join('');
}

async function debOf(name, bytes) {
  const files = filesOf(name, 'arm64', bytes);
  const control = `Package: ${name}\nVersion: 1.0-1\nArchitecture: arm64\n`;
  const dotted = (members) => members.map((one) => ({ ...one, name: `./${one.name}` }));
  const controlTar = await bytesOf(dotted([file('control', control), file('md5sums', sumsOf(files))]));
  const dataTar = await bytesOf(dotted([...foldersOf(files), ...files]));
  return arOf([
    ['debian-binary', Buffer.from('2.0\n')],
    ['control.tar.gz', gzipSync(controlTar)],
    ['data.tar.gz', gzipSync(dataTar, { level: 1 })],
  ]);
}

function arOf(members) {
  const parts = [Buffer.from('!<arch>\n')];
  for (const [name, bytes] of members) {
    const numbers = `${'0'.padEnd(12)}${'0'.padEnd(6)}${'0'.padEnd(6)}${'100644'.padEnd(8)}`;
    parts.push(Buffer.from(`${name.padEnd(16)}${numbers}${String(bytes.length).padEnd(10)}\`\n`), bytes);
    parts.push(Buffer.alloc(bytes.length % 2, '\n'));
  }
  return Buffer.concat(parts);
}
