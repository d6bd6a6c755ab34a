// An image made of files of this machine, in an OCI layout: programs, libraries, text and many small files, in the sizes
// they really have.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, mkdirSync, readdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
/** Bytes out of a thousand that each folder gives. */
const mix = { '/usr/lib': 550, '/usr/share': 200, '/usr/bin': 150, '/usr/local': 100 };
/** Manuals and documentation, which slim images leave out. */
const leftOut = new Set(['/usr/share/man', '/usr/share/doc', '/usr/local/share/man']);
/** Files over this size are the exception in images, and would make one run unlike the next. */
const maxFileBytes = 200 * 1024 * 1024;

/**
 * Writes two images of the same files, tagged `several` and `single`: one layer for each of `shares` (of a hundred), and
 * all in one layer. Gives for each the paths of its layers' blobs.
 */
export async function writeImages(folder, { bytes, shares }) {
  mkdirSync(join(folder, 'blobs/sha256'), { recursive: true });
  writeFileSync(join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  const files = chooseFiles(bytes);
  const parts = split(files, shares);
  const [single, ...several] = await atATime(2, [files, ...parts], (part) => writeLayer(folder, part));
  const manifests = [
    await writeManifest(folder, 'several', several),
    await writeManifest(folder, 'single', [single]),
  ];
  writeFileSync(join(folder, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests }));
  return { several, single: [single], files: files.length };
}

/** As many files of each folder as make up its part of the bytes; which ones depends on their paths alone. */
function chooseFiles(bytes) {
  return Object.entries(mix).flatMap(([root, share]) => {
    const files = [...filesIn(root)].sort((left, right) => (left.path < right.path ? -1 : 1));
    const total = files.reduce((sum, file) => sum + file.size, 0);
    const rate = (bytes * share) / 1000 / Math.max(1, total);
    return files.filter((file) => chance(file.path) < rate);
  });
}

function* filesIn(folder) {
  let entries = [];
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch {}
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (leftOut.has(path)) continue;
    if (entry.isDirectory()) yield* filesIn(path);
    else if (entry.isSymbolicLink()) yield { path, size: 0 };
    else if (entry.isFile()) {
      const { size } = statSync(path);
      if (size <= maxFileBytes) yield { path, size };
    }
  }
}

/** A number from 0 to 1. */
function chance(path) {
  return createHash('sha256').update(path).digest().readUInt32BE(0) / 2 ** 32;
}

function split(files, shares) {
  const total = files.reduce((sum, file) => sum + file.size, 0);
  const parts = shares.map(() => []);
  let part = 0;
  let taken = 0;
  let until = (total * shares[0]) / 100;
  for (const file of files) {
    if (taken >= until && part < shares.length - 1) until += (total * shares[++part]) / 100;
    parts[part].push(file);
    taken += file.size;
  }
  return parts;
}

/** As `docker push` would: GNU tar, gzip at its usual level. */
async function writeLayer(folder, files) {
  const name = createHash('sha256')
    .update(files.map(({ path }) => path).join('\n'))
    .digest('hex')
    .slice(0, 16);
  const list = join(folder, `${name}.list`);
  const file = join(folder, `${name}.layer`);
  writeFileSync(list, files.map(({ path }) => `${path.slice(1)}\0`).join(''));
  const tar = 'tar -C / --null --no-recursion --ignore-failed-read --owner=0 --group=0 -cf - -T "$1"';
  const script = `set -o pipefail; ${tar} 2>/dev/null | tee >(sha256sum > "$2.diff") | gzip > "$2"`;
  await run('bash', ['-c', script, 'bash', list, file]);
  const { stdout } = await run('bash', ['-c', 'wait; cat "$1.diff"', 'bash', file]);
  const digest = await digestOf(file);
  const { size } = statSync(file);
  const blob = blobPath(folder, digest);
  renameSync(file, blob);
  return { blob, digest, size, diffId: `sha256:${stdout.split(' ')[0]}` };
}

async function writeManifest(folder, tag, layers) {
  const rootfs = { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) };
  const config = writeJson(folder, 'application/vnd.oci.image.config.v1+json', {
    architecture: 'amd64',
    os: 'linux',
    rootfs,
  });
  const type = 'application/vnd.oci.image.manifest.v1+json';
  const manifest = writeJson(folder, type, {
    schemaVersion: 2,
    mediaType: type,
    config,
    layers: layers.map(({ digest, size }) => ({
      mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
      digest,
      size,
    })),
  });
  return { ...manifest, annotations: { 'org.opencontainers.image.ref.name': tag } };
}

function writeJson(folder, mediaType, value) {
  const bytes = Buffer.from(JSON.stringify(value));
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  writeFileSync(blobPath(folder, digest), bytes);
  return { mediaType, digest, size: bytes.length };
}

function blobPath(folder, digest) {
  return join(folder, 'blobs/sha256', digest.slice('sha256:'.length));
}

async function digestOf(file) {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file, { highWaterMark: 1024 * 1024 })) hash.update(chunk);
  return `sha256:${hash.digest('hex')}`;
}

/** Results in order, as Promise.all gives them, of a bounded number of tasks at a time. */
async function atATime(count, items, task) {
  const results = [];
  const queue = [...items.entries()];
  const worker = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift())
      results[next[0]] = await task(next[1]);
  };
  await Promise.all(Array.from({ length: count }, worker));
  return results;
}
