import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRegistry } from '../dist/lib/registry/index.js';
import { fleetNames, pushFleet } from './fleet.mjs';
import { command, measure, row } from './measure.mjs';

/**
 * 100,000 uses of 5,000 references in generated manifests, against the embedded registry in this process. Goals: under
 * 30 s and 400 MB.
 */
export async function hundredThousandUses(uses = 100_000, references = 5000) {
  const folder = mkdtempSync(join(tmpdir(), 'armload-bench-uses-'));
  const registry = await startRegistry({ directory: join(folder, 'registry') });
  try {
    await pushFleet(registry.host, references);
    writeManifests(join(folder, 'manifests'), registry.host, { uses, references });
    row('what', 'seconds', 'peak MiB', 'uses', 'images');
    row('---', '---', '---', '---', '---');
    for (const name of ['cold', 'warm']) {
      const args = [
        command,
        'scan',
        'manifests',
        '--format',
        'json',
        '--output',
        'result.json',
        '--cache-dir',
        'cache',
      ];
      const run = await measure(process.execPath, args, { cwd: folder, node: true });
      const { summary } = JSON.parse(readFileSync(join(folder, 'result.json'), 'utf8'));
      row(
        `armload scan, ${name}`,
        run.seconds.toFixed(1),
        run.peakMiB.toFixed(0),
        summary.uses,
        summary.images,
      );
      if (summary.states.ready + summary.states.missing !== references)
        throw new Error(JSON.stringify(summary));
    }
    console.log('goals: under 30 s, under 400 MB');
  } finally {
    await registry.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Deployments of ten containers each, a hundred to a file. */
function writeManifests(folder, host, { uses, references }) {
  mkdirSync(folder);
  const names = fleetNames(references);
  const documents = Array.from({ length: uses / 10 }, (_, number) => {
    const containers = Array.from({ length: 10 }, (_, index) => {
      const { repository, tag } = names[(number * 10 + index) % references];
      return `        - name: c${index}\n          image: ${host}/${repository}:${tag}\n          args: ["--port", "80"]\n`;
    });
    return `apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: d${number}\n  namespace: bench\nspec:\n  template:\n    spec:\n      containers:\n${containers.join('')}`;
  });
  for (let file = 0; file * 100 < documents.length; file += 1) {
    writeFileSync(join(folder, `${file}.yaml`), documents.slice(file * 100, file * 100 + 100).join('---\n'));
  }
}
