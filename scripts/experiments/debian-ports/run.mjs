// Ports the experiment's images and tries the results out under emulation:
//   node scripts/experiments/debian-ports/run.mjs --work DIR [--only NAME]... [--again] [--keep] [--originals | --controls]
// Needs what build.mjs left in the work folder, root, skopeo, umoci, and the kernel's emulation of arm64. Each image's
// result is a file of the work folder, and is made again only with --again. --originals tries the amd64 images themselves,
// which shows that the checks are right and what differs already there; --controls what `build.mjs --controls` built, which
// shows what emulation can't run. --keep leaves the roots unpacked. At the end docs/experiments/debian-ports.md is written.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { command, measure } from '../../../bench/measure.mjs';
import { writeReport } from './report.mjs';
import { elfFiles, packageState, pathsForAll, runChecks, unpack } from './root.mjs';
import { openRegistry, readArguments, readRecord, say, writeRecord } from './work.mjs';

const { work, chosen, originals, controls, again, keep } = readArguments({
  originals: { type: 'boolean' },
  controls: { type: 'boolean' },
  again: { type: 'boolean' },
  keep: { type: 'boolean' },
});
const kind = originals ? 'originals' : controls ? 'controls' : 'ports';

/** Files, packages and programs of an architecture's image in the registry. */
async function tryOut(reference, architecture, image) {
  const folder = join(work, 'unpacked', `${image.name}-${kind}`);
  try {
    const root = await unpack(reference, architecture, folder);
    const elf = elfFiles(root);
    const forAll = pathsForAll(root);
    const x86 = architecture === 'amd64' ? [] : [...(elf.get(62) ?? []), ...(elf.get(3) ?? [])];
    const state = await packageState(root);
    return {
      elf: Object.fromEntries([...elf].map(([machine, paths]) => [machine, paths.length])),
      x86: x86.filter((path) => !forAll.has(path)),
      /** Data of packages that are the same for every architecture: boot loaders, a compiler's test files. */
      x86ForAll: x86.filter((path) => forAll.has(path)).length,
      ...state,
      checks: await runChecks(root, image),
    };
  } finally {
    if (!keep) rmSync(folder, { recursive: true, force: true });
  }
}

async function port(registry, image) {
  const base = `${registry}/base:${image.slim ? `${image.release}-slim` : image.release}`;
  const args = [
    ...['port', `${registry}/${image.name}:amd64`, '--to', `${registry}/${image.name}:ported`],
    ...['--format', 'json', '--cache-dir', join(work, 'cache')],
    // Buildah notes the base in images that don't hold its layer any more.
    ...(image.layered ? ['--base', base] : ['--no-base']),
  ];
  const { code, stdout, stderr, seconds, peakMiB } = await measure(process.execPath, [command, ...args], {
    node: true,
  });
  const facts = { code, seconds, peakMiB, ...(code === 0 ? {} : { errors: stderr.slice(-4000) }) };
  return stdout.trim() === '' ? facts : { ...facts, ...shortened(JSON.parse(stdout)) };
}

/** Without the lists that have a line for each path. */
function shortened({ outcome, why, base, layers, totals, refusals, notes, materials, image, audit }) {
  const replaced = {};
  for (const { origin } of materials) replaced[origin] = (replaced[origin] ?? 0) + 1;
  const layerKinds = layers.map((layer) => layer.kind);
  const found = audit?.findings?.slice(0, 20);
  return {
    outcome,
    why,
    base: base?.why,
    layerKinds,
    totals,
    replaced,
    refusals,
    notes,
    image,
    findings: found,
  };
}

async function ported(registry, image) {
  const made = await port(registry, image);
  if (made.code !== 0) return { port: made };
  return { port: made, ...(await tryOut(`${registry}/${image.name}:ported`, 'arm64', image)) };
}

const ways = {
  originals: (registry, image) => tryOut(`${registry}/${image.name}:amd64`, 'amd64', image),
  controls: (registry, image) => tryOut(`${registry}/${image.name}:control`, 'arm64', image),
  ports: ported,
};

const registry = await openRegistry(work);
try {
  for (const image of chosen) {
    if (readRecord(work, controls ? 'controls-built' : 'built', image.name) === undefined) continue;
    if (!again && readRecord(work, kind, image.name) !== undefined) continue;
    const result = await ways[kind](registry.host, image).catch((error) => ({
      failed: String(error.stderr || error.stack || error).slice(-4000),
    }));
    if (result.failed === undefined) writeRecord({ name: image.name, ...result }, work, kind, image.name);
    say(`${image.name}: ${summary(result)}`);
  }
} finally {
  await registry.stop();
}
writeReport(work);

function summary({ failed, port: made, checks = [], x86 = [] }) {
  if (failed !== undefined) return `can't be tried: ${failed}`;
  if (made !== undefined && made.code !== 0)
    return `not ported: ${made.outcome ?? `code ${made.code}`}: ${made.why ?? made.errors.trim()}`;
  const bad = checks.filter(({ passed }) => !passed);
  const lines = bad.map(
    ({ script, expected, why, output }) =>
      `\n    ${script}\n      wanted ${expected}, ${why}: ${output.trim().slice(-300)}`,
  );
  const how = made === undefined ? '' : `ported in ${made.seconds.toFixed(1)} s, `;
  return `${how}${checks.length - bad.length} of ${checks.length} checks pass, ${x86.length} x86 files${lines.join('')}`;
}
