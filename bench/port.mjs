import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeImages, writeContext } from './debian-images.mjs';
import { startDockerEngine } from './docker-engine.mjs';
import { startDockerRegistry } from './docker-registry.mjs';
import { command, measure, row } from './measure.mjs';

const goals = { ofCopy: 2, build: 20, peakMB: 400 };
/** An emulated build that takes longer is ended, and counts as this long. */
const buildSeconds = Number(process.env.ARMLOAD_BENCH_BUILD_SECONDS ?? 7200);
const programs = ['debootstrap', 'dockerd', 'docker-registry', 'skopeo', 'apt-get'];
const emulation = '/proc/sys/fs/binfmt_misc/qemu-aarch64';

/**
 * `armload port` of images of Debian packages, and of one that's neutral above its base, beside `skopeo copy` of the same
 * image to another repository of the same registry, with nothing cached, with packages cached, and read before; and beside `docker build
 * --platform linux/arm64` of the same Dockerfile under emulation. Goals: at most twice the copy once packages are cached, 20
 * times as fast as the build, under 400 MB for 2 GB unpacked. ARMLOAD_BENCH_FOLDER keeps what takes long to make;
 * ARMLOAD_BENCH_BUILD_SECONDS=0 leaves the emulated build out.
 */
export async function port(rounds = 3) {
  const missing = whatIsMissing();
  if (missing !== undefined) {
    console.log(`skipped: ${missing}`);
    return;
  }
  const given = process.env.ARMLOAD_BENCH_FOLDER;
  const folder = given ?? mkdtempSync(join(tmpdir(), 'armload-bench-port-'));
  mkdirSync(folder, { recursive: true });
  try {
    await fillRegistry(folder);
    row('image', 'unpacked MB', 'what', 'best s', 'of the copy', 'goal', 'peak MB');
    row('---', '---', '---', '---', '---', '---', '---');
    const seconds = await compare(folder, { name: 'packages', rounds });
    await compare(folder, { name: 'large', rounds });
    await compare(folder, { name: 'neutral', rounds });
    if (buildSeconds > 0) await build(folder, seconds);
  } finally {
    if (given === undefined) rmSync(folder, { recursive: true, force: true });
  }
}

function whatIsMissing() {
  if (process.getuid?.() !== 0) return 'needs root';
  const isHere = (name) => {
    try {
      execFileSync('sh', ['-c', `command -v ${name}`]);
      return true;
    } catch {
      return false;
    }
  };
  const absent = programs.filter((name) => !isHere(name));
  if (absent.length > 0) return `needs ${absent.join(', ')}`;
  if (process.arch !== 'arm64' && !existsSync(emulation)) return 'needs emulation of arm64 by the kernel';
  return undefined;
}

/** Once for all runs with the same folder. */
async function fillRegistry(folder) {
  const filled = join(folder, 'filled');
  if (existsSync(filled)) return;
  const engine = await startDockerEngine(mkdtempSync(join(tmpdir(), 'armload-e-')));
  const registry = await startDockerRegistry(join(folder, 'registry'));
  try {
    await makeImages({ folder, engine, host: registry.host });
    mkdirSync(filled);
  } finally {
    await registry.stop();
    await engine.stop();
  }
}

/** Copy and port by turns, each time to a registry of its own that has the sources and nothing else. */
async function compare(folder, { name, rounds }) {
  const cache = join(folder, `cache-${name}`);
  const runs = { copy: [], cold: [], packages: [], all: [] };
  const timed = async (kind, task) => runs[kind].push(await onFreshRegistry(folder, task));
  rmSync(cache, { recursive: true, force: true });
  for (let round = 0; round < rounds; round += 1) {
    await timed('copy', (host) => copied(host, name));
    if (round === 0) await timed('cold', (host) => ported(host, { name, cache }));
    // What is known of layers goes, packages stay: an image that is ported for the first time.
    rmSync(join(cache, 'layers'), { recursive: true, force: true });
    await timed('packages', (host) => ported(host, { name, cache }));
    await timed('all', (host) => ported(host, { name, cache }));
  }
  report(name, runs, unpackedBytes(folder, name));
  return Math.min(...runs.packages.map(({ seconds }) => seconds));
}

function report(name, runs, bytes) {
  const best = (kind) => Math.min(...runs[kind].map(({ seconds }) => seconds));
  const line = (kind, what, goal = '') => {
    const peaks = runs[kind].map(({ peakMiB = 0 }) => peakMiB * 1.048576);
    const ratio = (best(kind) / best('copy')).toFixed(2);
    const peak = kind === 'copy' ? '' : `${Math.max(...peaks).toFixed(0)} (goal ${goals.peakMB})`;
    row(name, (bytes / 1e6).toFixed(0), what, best(kind).toFixed(2), ratio, goal, peak);
  };
  line('copy', 'skopeo copy');
  line('cold', 'port, nothing cached');
  line('packages', 'port, packages cached', goals.ofCopy);
  line('all', 'port, layers read before, too', goals.ofCopy);
}

async function copied(host, name) {
  const tls = ['--src-tls-verify=false', '--dest-tls-verify=false'];
  const names = [`docker://${host}/bench/${name}:1`, `docker://${host}/copy/${name}:1`];
  const done = await measure('skopeo', ['copy', '--quiet', ...tls, ...names]);
  if (done.code !== 0) throw new Error(done.stderr);
  return done;
}

async function ported(host, { name, cache }) {
  const places = ['--base', `${host}/bench/base:1`, '--cache-dir', cache, '--format', 'json'];
  const args = ['port', `${host}/bench/${name}:1`, '--to', `${host}/ported/${name}:1`, ...places];
  const done = await measure(process.execPath, [command, ...args], { node: true });
  if (done.code !== 0) throw new Error(whyNot(done));
  return done;
}

function whyNot({ stdout, stderr }) {
  try {
    const { why, refusals } = JSON.parse(stdout);
    return [why, ...refusals.slice(0, 20).map((one) => `${one.path ?? one.kind}: ${one.why}`)].join('\n');
  } catch {
    return stderr;
  }
}

/** A new name for every registry: skopeo remembers which one has which blob. */
async function onFreshRegistry(folder, task) {
  const place = join(folder, 'fresh');
  rmSync(place, { recursive: true, force: true });
  execFileSync('cp', ['-al', join(folder, 'registry'), place]);
  const registry = await startDockerRegistry(place);
  try {
    return await task(registry.host);
  } finally {
    await registry.stop();
    rmSync(place, { recursive: true, force: true });
  }
}

/** What the layers of an image hold. */
function unpackedBytes(folder, name) {
  const root = join(folder, 'registry/data/docker/registry/v2');
  const blob = (digest) => join(root, 'blobs/sha256', digest.slice(7, 9), digest.slice(7), 'data');
  const link = join(root, 'repositories/bench', name, '_manifests/tags/1/current/link');
  const { layers } = JSON.parse(readFileSync(blob(readFileSync(link, 'utf8')), 'utf8'));
  const count = 'for layer; do gzip -dc "$layer"; done | wc -c';
  const files = layers.map(({ digest }) => blob(digest));
  return Number(execFileSync('sh', ['-c', count, 'sh', ...files]));
}

/** The same Dockerfile, for arm64, as one would do it without an arm64 machine. Once: it takes long. */
async function build(folder, seconds) {
  const engine = await startDockerEngine(mkdtempSync(join(tmpdir(), 'armload-e-')));
  try {
    const took = await onFreshRegistry(folder, async (host) => {
      const context = join(folder, 'emulated');
      writeContext(context, `${host}/bench/base:1`);
      const how = ['--no-cache', '--network=host', '--platform', 'linux/arm64', '--target', 'packages'];
      const args = [String(buildSeconds), engine.client, 'build', ...how, '--tag', 'emulated', context];
      return measure('timeout', args, { env: engine.env });
    });
    const isDone = took.code === 0;
    if (!isDone && took.seconds < buildSeconds) throw new Error(took.stderr.slice(-2000));
    const times = took.seconds / seconds;
    console.log(
      `packages: docker build --platform linux/arm64 under emulation takes ${isDone ? '' : 'more than '}${took.seconds.toFixed(0)} s, ${times.toFixed(0)} times as long as the port with packages cached (goal: ${goals.build})`,
    );
  } finally {
    await engine.stop();
  }
}
