import { command, measure, median, row } from './measure.mjs';

/** `armload --version` beside the smallest Node program there is. Goal: at most twice. */
export async function startUp(rounds = 21) {
  const bare = [];
  const version = [];
  for (let round = 0; round < rounds; round += 1) {
    bare.push((await measure(process.execPath, ['-e', '0'])).seconds);
    version.push((await measure(process.execPath, [command, '--version'])).seconds);
  }
  const ratio = median(version) / median(bare);
  row('program', 'median ms');
  row('---', '---');
  row('node -e 0', (median(bare) * 1000).toFixed(0));
  row('armload --version', (median(version) * 1000).toFixed(0));
  console.log(`ratio ${ratio.toFixed(2)} (goal: at most 2)`);
}
