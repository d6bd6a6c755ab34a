import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeImages } from './image-of-this-machine.mjs';
import { measure, row } from './measure.mjs';

const armload = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const reading = fileURLToPath(new URL('./read-layers.mjs', import.meta.url));
/** Of a hundred: a base, two big layers of packages, an application and its configuration. */
const shares = [35, 25, 20, 15, 5];
const goals = { several: 0.6, single: 0.8, peakMB: 250, warm: 0.05 };

/**
 * `armload audit` of an image of about 1 GB of this machine's files, beside `gzip -dc LAYER | tar -t` of each layer. Goals:
 * 0.6 of its wall time with several layers, 0.8 with one, under 250 MB, a second audit under 5 % of the first.
 */
export async function auditLayers(bytes = 1e9, rounds = 3) {
  const folder = mkdtempSync(join(tmpdir(), 'armload-bench-audit-'));
  try {
    const images = await writeImages(folder, { bytes, shares });
    row('image', 'what', 'best s', 'of the peer', 'goal', 'peak MB');
    row('---', '---', '---', '---', '---', '---');
    for (const tag of ['several', 'single']) {
      const blobs = images[tag].map(({ blob }) => blob);
      const runs = { peer: [], cold: [], warm: [] };
      for (let round = 0; round < rounds; round += 1) {
        const store = join(folder, `store-${tag}-${round}`);
        runs.peer.push(await listed(blobs));
        runs.cold.push(await audit(folder, tag, store));
        runs.warm.push(await audit(folder, tag, store));
      }
      report(tag, runs, await fetched(folder, tag));
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What a person would run. */
async function listed(blobs) {
  const script = 'set -eo pipefail; for layer; do gzip -dc "$layer" | tar -t > /dev/null; done';
  return checked(await measure('bash', ['-c', script, 'bash', ...blobs]));
}

/** A machine's files hold code of all sorts, so the verdict may be anything but a mistake of usage. */
async function audit(folder, tag, store) {
  const image = `oci:${folder}:${tag}`;
  const args = [
    armload,
    'audit',
    image,
    '--platform',
    'linux/amd64',
    '--cache-dir',
    store,
    '--format',
    'json',
  ];
  return checked(await measure(process.execPath, args, { node: true }), [0, 1, 2]);
}

/** Bytes that pass when the layers are read without a cache, and with one. */
async function fetched(folder, tag) {
  const store = join(folder, `store-${tag}-counted`);
  const args = [reading, folder, tag, store];
  const cold = checked(await measure(process.execPath, args, { node: true }));
  const warm = checked(await measure(process.execPath, args, { node: true }));
  return { cold: JSON.parse(cold.stdout), warm: JSON.parse(warm.stdout) };
}

function checked(run, codes = [0]) {
  if (!codes.includes(run.code)) throw new Error(run.stderr);
  return run;
}

function report(tag, { peer, cold, warm }, counted) {
  const best = (runs) => Math.min(...runs.map(({ seconds }) => seconds));
  const peak = (runs) => Math.max(...runs.map(({ peakMiB }) => peakMiB)) * 1.048576;
  const line = (what, runs, goal) =>
    row(
      tag,
      what,
      best(runs).toFixed(2),
      (best(runs) / best(peer)).toFixed(2),
      goal ?? '',
      runs === peer ? '' : `${peak(runs).toFixed(0)} (goal ${goals.peakMB})`,
    );
  line('gzip -dc, tar -t', peer);
  line('audit, cold', cold, goals[tag]);
  line('audit, warm', warm);
  const { entries, unpacked, layers } = counted.cold;
  console.log(
    `${tag}: warm takes ${((best(warm) / best(cold)) * 100).toFixed(1)} % of cold (goal: under ${goals.warm * 100}); ${entries} entries, ${(unpacked / 1e6).toFixed(0)} MB out of ${(layers / 1e6).toFixed(0)} MB; bytes fetched beyond the layers' size once: ${counted.cold.fetched - layers} cold, ${counted.warm.fetched} warm`,
  );
}
