import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRegistry } from '../dist/lib/registry/index.js';
import { makeParts, pushImages, serveArchive } from './generated-fleet.mjs';
import { command, measure, row } from './measure.mjs';

const packageNames = Array.from({ length: 12 }, (_, index) => `libshared${index}`);
const extraNames = ['libextra0', 'libextra1', 'libextra2'];
const sizes = { baseBytes: 20e6, packageBytes: 1e6, appBytes: 5e6, ownBytes: 2e5 };

/**
 * `armload port --fleet` of 60 images that have four of five layers, and 12 of 15 packages, in common, beside a port of each
 * by itself with a cache of its own; and the fleet once more, where all is done. Source and destination are two registries.
 * Counted are the bytes that the source and the archive send, and those that the destination gets. Goal: a package or layer
 * is sent once.
 */
export async function portFleet(count = 60) {
  const folder = mkdtempSync(join(tmpdir(), 'armload-bench-fleet-'));
  const from = await startRegistry({ directory: join(folder, 'from') });
  const parts = await makeParts({ packageNames, extraNames, ...sizes });
  const archive = await serveArchive(parts.data);
  const source = await startMeter(from.host);
  try {
    // What a scan reads has the meter's address: the images are where their references say.
    const wanted = { count, packageNames, extraNames, ownBytes: sizes.ownBytes, archive: archive.origin };
    const references = await pushImages(source.host, parts, { ...wanted, label: `${source.host}/base:12` });
    writeFileSync(join(folder, 'fleet.images'), references.map((reference) => `${reference}\n`).join(''));
    row(
      'what',
      's',
      'MB from the source',
      'MB of packages',
      'packages sent',
      'MB to the destination',
      'peak MB',
    );
    row('---', '---', '---', '---', '---', '---', '---');
    const place = { folder, source, archive };
    const fleet = await withDestination(place, 'fleet', async (to) => {
      const args = ['port', '--fleet', join(folder, 'fleet.images'), '--to', `${to.host}/ported`];
      const first = await counted(place, to, () => ported(args, join(folder, 'cache'), folder));
      report(`fleet of ${count}`, first);
      report('the same again', await counted(place, to, () => ported(args, join(folder, 'cache'), folder)));
      return first;
    });
    const single = await withDestination(place, 'single', (to) =>
      counted(place, to, async () => {
        let [seconds, peakMiB] = [0, 0];
        for (const [index, reference] of references.entries()) {
          const cache = join(folder, `cache-${index}`);
          const args = ['port', reference, '--to', `${to.host}/ported/image${index}:1`];
          const done = await ported(args, cache, folder);
          rmSync(cache, { recursive: true, force: true });
          seconds += done.seconds;
          peakMiB = Math.max(peakMiB, done.peakMiB);
        }
        return { seconds, peakMiB };
      }),
    );
    report(`${count} single ports, added up`, single);
    const share = (what) => ((fleet[what] / single[what]) * 100).toFixed(1);
    console.log(
      `the fleet takes ${share('seconds')} % of the time, ${share('read')} % of the source's bytes and ${share('packageBytes')} % of the packages' bytes; ${fleet.packages} packages were sent for ${packageNames.length + extraNames.length} different ones`,
    );
  } finally {
    await source.close();
    await archive.close();
    await from.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function ported(args, cache, folder) {
  const all = [command, ...args, '--allow-unsigned', '--no-attach', '--cache-dir', cache, '--format', 'json'];
  const done = await measure(process.execPath, all, {
    node: true,
    env: { XDG_STATE_HOME: join(folder, 'state') },
  });
  if (done.code !== 0) throw new Error(`${done.stderr}\n${done.stdout.slice(0, 4000)}`);
  return done;
}

async function withDestination({ folder }, name, task) {
  const registry = await startRegistry({ directory: join(folder, name) });
  const meter = await startMeter(registry.host);
  try {
    return await task(meter);
  } finally {
    await meter.close();
    await registry.close();
    rmSync(join(folder, name), { recursive: true, force: true });
  }
}

async function counted({ source, archive }, to, task) {
  source.sent = 0;
  to.received = 0;
  Object.assign(archive.counted, { sent: 0, packages: 0 });
  const { seconds, peakMiB } = await task();
  const { sent: packageBytes, packages } = archive.counted;
  return { seconds, peakMiB, read: source.sent, written: to.received, packageBytes, packages };
}

function report(what, { seconds, peakMiB, read, written, packageBytes, packages }) {
  const mb = (bytes) => (bytes / 1e6).toFixed(1);
  row(
    what,
    seconds.toFixed(1),
    mb(read),
    mb(packageBytes),
    packages,
    mb(written),
    (peakMiB * 1.048576).toFixed(0),
  );
}

/** Stands before a registry and counts the bytes each way. */
async function startMeter(host) {
  const [address, port] = host.split(':');
  const sockets = new Set();
  const server = createServer((client) => {
    const upstream = connect(Number(port), address);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    }
    client.on('data', (chunk) => {
      meter.received += chunk.length;
    });
    upstream.on('data', (chunk) => {
      meter.sent += chunk.length;
    });
    client.pipe(upstream).pipe(client);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const meter = {
    host: `127.0.0.1:${server.address().port}`,
    sent: 0,
    received: 0,
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(resolve));
    },
  };
  return meter;
}
