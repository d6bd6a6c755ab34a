import { readFile, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { messageOf, UsageError } from '../core/index.ts';
import type { ConfigContent } from './config-document.ts';

const configName = 'armload.yaml';
const maxConfigBytes = 1024 * 1024;

/** What `armload.yaml` says. */
export interface Config extends ConfigContent {
  /** As shown to people; absent where there is no file. */
  readonly file?: string;
  /** Where its relative paths start. */
  readonly directory: string;
}

/**
 * Reads the configuration: the file that `--config` names, else an `armload.yaml` in the working directory, else
 * nothing.
 * @throws UsageError `CONFIG` for a file that can't be read, is no YAML, or has unknown or wrong members.
 */
export async function loadConfig(named: string | undefined, cwd: string): Promise<Config> {
  const file = named ?? configName;
  const path = resolve(cwd, file);
  const trusted = named !== undefined;
  const text = await readConfig(path, file, trusted);
  if (text === undefined) return { directory: cwd, values: {} };
  const { parseConfigText } = await import('./config-document.ts');
  return { file, directory: dirname(path), ...parseConfigText({ text, file, trusted }) };
}

async function readConfig(path: string, file: string, required: boolean): Promise<string | undefined> {
  try {
    const { size } = await stat(path);
    if (size > maxConfigBytes) throw new Error(`it has ${size} bytes, over the limit of ${maxConfigBytes}`);
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path));
  } catch (error) {
    if (!required && (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new UsageError('CONFIG', `can't read the configuration "${file}": ${messageOf(error)}`, {
      cause: error,
    });
  }
}
