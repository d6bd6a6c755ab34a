import { spawn } from 'node:child_process';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';

export interface ScriptEnd {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ScriptOptions {
  readonly cwd: string;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** `sh` unless told. */
  readonly shell?: readonly string[];
}

/** Runs a shell's text with words, as a file would be. */
export function runShell(
  text: string,
  words: readonly string[],
  { cwd, environment = {}, shell = ['sh'] }: ScriptOptions,
): Promise<ScriptEnd> {
  const [program = 'sh', ...options] = shell;
  return new Promise((resolve, reject) => {
    // By a pipe, as a command line has its limits; the script's own commands read something else.
    const child = spawn(program, [...options, '-c', 'eval "$(cat)"', 'script', ...words], {
      cwd,
      env: { PATH: process.env['PATH'], HOME: cwd, LANG: 'C', ...environment },
    });
    const output = { stdout: '', stderr: '' };
    child.stdout.on('data', (chunk: Buffer) => {
      output.stdout += chunk.toString('utf8');
    });
    child.stderr.on('data', (chunk: Buffer) => {
      output.stderr += chunk.toString('utf8');
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, ...output }));
    child.stdin.on('error', () => {});
    child.stdin.end(text);
  });
}

/** By path: the bytes of all files of a workspace, but for armload's and the script's own. */
export async function workspaceFiles(folder: string): Promise<Readonly<Record<string, string>>> {
  await mkdir(folder, { recursive: true });
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files: Record<string, string> = {};
  for (const entry of entries.filter((one) => one.isFile())) {
    const path = join(entry.parentPath, entry.name);
    const name = relative(folder, path);
    if (!/^\.armload(?:-export)?\//.test(name)) files[name] = (await readFile(path)).toString('latin1');
  }
  return files;
}
