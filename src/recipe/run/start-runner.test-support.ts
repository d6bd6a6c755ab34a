import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { build } from 'esbuild';
import type { Moment } from './killed-run.test-support.ts';
import type { World } from './run.test-support.ts';

/** A program that runs the counted recipe, or goes on with it, and is killed while it does. */
export async function buildRunner(folder: string): Promise<string> {
  const file = join(folder, 'runner.mjs');
  await build({
    stdin: {
      contents: `import { main } from './killed-runner.test-support.ts'; await main(process.argv.slice(2));`,
      resolveDir: import.meta.dirname,
      loader: 'ts',
    },
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    outfile: file,
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
    logLevel: 'silent',
  });
  return file;
}

/** Runs it until it kills itself, or ends. */
export async function runKilled(
  file: string,
  { world, at, moment }: { readonly world: World; readonly at: number; readonly moment: Moment },
): Promise<{ readonly signal: NodeJS.Signals | null; readonly output: string }> {
  const child = spawn(process.execPath, [file, world.folder, String(at), moment], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'] },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const signal = await new Promise<NodeJS.Signals | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (_, by) => resolve(by));
  });
  return { signal, output };
}
