import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startDockerRegistry } from './docker-registry.mjs';
import { fleetNames, pushFleet } from './fleet.mjs';
import { command, measure, median, row } from './measure.mjs';

const bareLoop = fileURLToPath(new URL('./bare-loop.mjs', import.meta.url));

/**
 * A cold scan of 1,000 references on Debian's docker-registry, beside `xargs -P8 skopeo inspect --raw` of the same
 * references and beside a bare loop of the same requests. Goals: at least 4 times as fast as the first, at least 80 % of
 * the second's rate, under 150 MB.
 */
export async function thousandReferences(count = 1000, rounds = 3) {
  const registry = await startDockerRegistry();
  const folder = mkdtempSync(join(tmpdir(), 'armload-bench-cache-'));
  try {
    await pushFleet(registry.host, count);
    const names = fleetNames(count).map(({ repository, tag }) => `${registry.host}/${repository}:${tag}`);
    const list = `${names.join('\n')}\n`;
    const loop = fleetNames(count)
      .map(({ repository, tag }) => `${registry.host} ${repository} ${tag}`)
      .join('\n');
    const cold = [];
    const bare = [];
    for (let round = 0; round < rounds; round += 1) {
      bare.push(await measure(process.execPath, [bareLoop], { input: loop, node: true }));
      cold.push(await scan(list, join(folder, String(round))));
    }
    const warm = await scan(list, join(folder, '0'));
    const skopeo = await measure(
      'xargs',
      ['-P8', '-I{}', 'skopeo', 'inspect', '--raw', '--tls-verify=false', 'docker://{}'],
      { input: list },
    );
    const seconds = {
      cold: median(cold.map((run) => run.seconds)),
      bare: median(bare.map((run) => run.seconds)),
    };
    row('what', 'seconds', 'references/s', 'peak MiB');
    row('---', '---', '---', '---');
    const line = (name, time, peak) =>
      row(name, time.toFixed(2), (count / time).toFixed(0), peak?.toFixed(0) ?? '');
    line('armload scan, cold', seconds.cold, Math.max(...cold.map((run) => run.peakMiB)));
    line('armload scan, warm', warm.seconds, warm.peakMiB);
    line('bare loop of the same requests', seconds.bare, Math.max(...bare.map((run) => run.peakMiB)));
    line('xargs -P8 skopeo inspect --raw', skopeo.seconds);
    console.log(
      `requests of the bare loop: ${bare[0].stdout.trim()}; of the scan: ${requestsOf(cold[0])}; warm: ${requestsOf(warm)}`,
    );
    console.log(`faster than skopeo: ${(skopeo.seconds / seconds.cold).toFixed(1)} times (goal: at least 4)`);
    console.log(
      `of the bare loop's rate: ${((seconds.bare / seconds.cold) * 100).toFixed(0)} % (goal: at least 80)`,
    );
  } finally {
    await registry.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function scan(list, cache) {
  const run = await measure(
    process.execPath,
    [command, 'scan', '-', '--format', 'json', '--verbose', '--cache-dir', cache],
    { input: list, node: true },
  );
  const { images } = JSON.parse(run.stdout);
  const wrong = images.filter(({ readiness }) => !['ready', 'missing'].includes(readiness.state));
  if (wrong.length > 0)
    throw new Error(`${wrong.length} references without a verdict: ${JSON.stringify(wrong[0])}`);
  return run;
}

function requestsOf(run) {
  return /([0-9]+) requests/.exec(run.stderr)?.[1] ?? '?';
}
