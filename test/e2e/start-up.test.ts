import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { commandFile, runCommand } from '../support/command.ts';

const packageFile = fileURLToPath(new URL('../../package.json', import.meta.url));

test('--version prints the version of the package and nothing else', async () => {
  const { version } = JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string };
  for (const option of ['--version', '-V']) {
    expect(await runCommand([option])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  }
});

/** The files that are loaded before anything runs: static imports and re-exports, followed. */
function loadedAtStart(file: string, seen = new Set<string>()): ReadonlySet<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  const source = readFileSync(file, 'utf8');
  for (const [, target = ''] of source.matchAll(/(?:^|[;\n])(?:import|export)\b[^;'"()]*["']([^"']+)["']/g)) {
    if (target.startsWith('.')) loadedAtStart(join(dirname(file), target), seen);
    else expect(target, `imported by ${file}`).toMatch(/^node:/);
  }
  return seen;
}

test('what is loaded before the command is known stays under 8 KiB', () => {
  const files = [...loadedAtStart(commandFile)];
  expect(files.length).toBeGreaterThan(1);
  expect(files.reduce((sum, file) => sum + readFileSync(file).length, 0)).toBeLessThan(8192);
});

test('--version costs at most twice what Node alone costs', () => {
  const best = { node: Number.POSITIVE_INFINITY, armload: Number.POSITIVE_INFINITY };
  // The best of many rounds: what else the machine does only ever adds to a time.
  for (let round = 0; round < 25 && (round < 5 || best.armload > 2 * best.node); round++) {
    best.node = Math.min(best.node, milliseconds(['-e', '0']));
    best.armload = Math.min(best.armload, milliseconds([commandFile, '--version']));
  }
  expect(best.armload / best.node).toBeLessThanOrEqual(2);
});

function milliseconds(args: readonly string[]): number {
  const before = performance.now();
  execFileSync(process.execPath, args, { stdio: 'ignore' });
  return performance.now() - before;
}
