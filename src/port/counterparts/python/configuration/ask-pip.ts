import { execFile } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Environment } from './pip-settings.ts';

/** What pip takes where nobody says anything else; `-I` lets Python load nothing from the folder it's started in. */
const question = ['-I', '-c', 'from pip._internal.models.index import PyPI; print(PyPI.simple_url)'];
const programs = ['python3', 'python'];
const time = 20_000;

/** The address that an installed pip goes to by itself; `undefined` where none is installed. @throws the signal's reason. */
export async function askPip(
  environment: Environment,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  for (const name of programs) {
    const program = findProgram(environment, name);
    const answer = program === undefined ? undefined : await run(program, environment, signal);
    signal?.throwIfAborted();
    const text = answer?.trim() ?? '';
    if (/^https?:\/\/[^\s]+$/.test(text) && URL.canParse(text)) return text;
  }
  return undefined;
}

function run(
  program: string,
  environment: Environment,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const options = { env: { ...environment }, timeout: time, maxBuffer: 4096, ...(signal && { signal }) };
    const child = execFile(program, question, options, (error, stdout) => {
      resolve(error === null ? stdout : undefined);
    });
    child.stdin?.end();
  });
}

function findProgram({ PATH = '' }: Environment, name: string): string | undefined {
  const folders = PATH.split(delimiter).filter((folder) => folder.startsWith('/'));
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
