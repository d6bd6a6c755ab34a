// What every bench needs: run a program and know its wall time and peak memory.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const command = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const peak = fileURLToPath(new URL('./peak.mjs', import.meta.url));

/** Runs a program to its end. `seconds` is wall time, `peakMiB` is known for Node programs only. */
export async function measure(program, args, { env = {}, input, cwd, node = false } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'armload-bench-'));
  const peakFile = join(folder, 'peak');
  const started = process.hrtime.bigint();
  const child = spawn(program, node ? ['--import', peak, ...args] : args, {
    cwd,
    env: { PATH: process.env.PATH, HOME: folder, BENCH_PEAK_FILE: peakFile, ...env },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  child.stdin.on('error', () => {});
  child.stdin.end(input ?? '');
  const code = await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  const seconds = Number(process.hrtime.bigint() - started) / 1e9;
  const peakMiB = node ? Number(readFileSync(peakFile, 'utf8')) / 1024 : undefined;
  rmSync(folder, { recursive: true, force: true });
  return { code, stdout, stderr, seconds, peakMiB };
}

export function median(numbers) {
  const sorted = [...numbers].sort((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)];
}

export function row(...cells) {
  console.log(`| ${cells.join(' | ')} |`);
}
