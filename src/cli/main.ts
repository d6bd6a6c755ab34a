#!/usr/bin/env node
import { version } from './version.ts';

// Nothing else is imported up front: `armload --version` has to cost about what Node alone costs.
const args = process.argv.slice(2);
if (args.length === 1 && (args[0] === '--version' || args[0] === '-V')) {
  process.stdout.on('error', () => {});
  process.stdout.write(`${version}\n`);
} else {
  const { runProcess } = await import('./process.ts');
  await runProcess(args);
}
