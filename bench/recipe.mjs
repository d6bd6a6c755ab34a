import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { command, measure, row } from './measure.mjs';

const steps = 1000;
const goals = { seconds: 20 };

/**
 * What a recipe's runner costs: a recipe of 1,000 steps that do next to nothing, beside the same commands in one shell
 * script and each in a shell of its own; then the same run shown again, which reads its whole journal. Goal: under 20 s.
 */
export async function recipe(rounds = 3) {
  const folder = mkdtempSync(join(tmpdir(), 'armload-bench-recipe-'));
  try {
    const files = writeInputs(folder);
    const runs = { script: [], shells: [], recipe: [], show: [] };
    for (let round = 0; round < rounds; round += 1) {
      runs.script.push(await done('sh', [files.script]));
      runs.shells.push(await done('sh', [files.shells]));
      const env = { XDG_STATE_HOME: join(folder, `state-${round}`) };
      runs.recipe.push(
        await done(process.execPath, [command, 'build', files.recipe, '--quiet'], { env, node: true }),
      );
      const [run] = readdirSync(join(folder, `state-${round}`, 'armload/runs'));
      runs.show.push(
        await done(process.execPath, [command, 'build', 'show', run, '--format', 'json'], {
          env,
          node: true,
        }),
      );
      const journal = readFileSync(
        join(folder, `state-${round}`, 'armload/runs', run, 'journal.jsonl'),
        'utf8',
      );
      if (round === 0)
        console.log(`${steps} steps; the journal has ${journal.split('\n').length - 1} records`);
    }
    report(runs);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function writeInputs(folder) {
  const numbers = Array.from({ length: steps }, (_, index) => index + 1);
  const files = {
    script: join(folder, 'one.sh'),
    shells: join(folder, 'many.sh'),
    recipe: join(folder, 'recipe.yaml'),
  };
  const body = (number) => `test ${number} -gt 0`;
  writeFileSync(files.script, numbers.map((number) => `${body(number)}\n`).join(''));
  writeFileSync(files.shells, numbers.map((number) => `sh -eu -c '${body(number)}'\n`).join(''));
  const lines = numbers.map((number) => `  s${number}: { run: '${body(number)}' }\n`);
  writeFileSync(files.recipe, `schemaVersion: 1\nkind: recipe\nname: trivial\nsteps:\n${lines.join('')}`);
  return files;
}

function report({ script, shells, recipe: built, show }) {
  const best = (runs) => Math.min(...runs.map(({ seconds }) => seconds));
  row('what', 'best s', 'of the shells', 'goal s');
  row('---', '---', '---', '---');
  const line = (what, runs, goal = '') =>
    row(what, best(runs).toFixed(2), (best(runs) / best(shells)).toFixed(1), goal);
  line('one shell script', script);
  line('a shell for each command', shells);
  line('armload build', built, goals.seconds);
  line('armload build show', show);
}

async function done(program, args, options) {
  const result = await measure(program, args, options);
  if (result.code !== 0) throw new Error(result.stderr || result.stdout);
  return result;
}
