import { constants } from 'node:fs';
import { access, readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { messageOf, UsageError } from '../core/index.ts';
import type { BaseKnowledge, BaseRecord } from '../port/index.ts';
import type { Io } from './io.ts';

const maxTableBytes = 64 * 1024 * 1024;

/** A file that the person names. */
interface NamedFile {
  /** As written. */
  readonly file: string;
  readonly path: string;
  /** The option or the configuration's member. */
  readonly origin: string;
}

/**
 * The whole path of a file that can be read.
 * @throws UsageError `USAGE` where it's not there, is no file, or may not be read.
 */
export async function checkReadable(
  file: string,
  { directory, origin }: { readonly directory: string; readonly origin: string },
): Promise<string> {
  const path = resolve(directory, file);
  try {
    await sizeOf(path);
    await access(path, constants.R_OK);
    return path;
  } catch (error) {
    throw unreadable({ file, path, origin }, error);
  }
}

/**
 * The whole path of a folder to work in, which need not be there yet.
 * @throws UsageError `USAGE` where something else is there.
 */
export async function checkWorkFolder(folder: string, cwd: string): Promise<string> {
  const path = resolve(cwd, folder);
  const found = await stat(path).catch(() => undefined);
  if (found === undefined || found.isDirectory()) return path;
  throw new UsageError('USAGE', `can't use --work-folder "${folder}": it is not a folder`);
}

/**
 * The bases of the table that was named, if any, and of the person's own, if there is one.
 * @throws UsageError where a table can't be read or is none.
 */
export async function knownBases(
  named: NamedFile | undefined,
  environment: Io['environment'],
): Promise<BaseKnowledge | undefined> {
  const { baseKnowledge, defaultBaseTable, readBaseTable } = await import('../port/index.ts');
  const own = await readBaseTable(defaultBaseTable(environment));
  const given = named === undefined ? [] : await readNamedTable(named);
  return named === undefined && own.length === 0 ? undefined : baseKnowledge([...given, ...own]);
}

async function readNamedTable(named: NamedFile): Promise<readonly BaseRecord[]> {
  try {
    const size = await sizeOf(named.path);
    if (size > maxTableBytes) throw new Error(`it has ${size} bytes, over the limit of ${maxTableBytes}`);
    const text = new TextDecoder('utf-8', { fatal: true }).decode(await readFile(named.path));
    const { parseBaseRecords } = await import('../port/index.ts');
    return parseBaseRecords(text);
  } catch (error) {
    throw unreadable(named, error);
  }
}

async function sizeOf(path: string): Promise<number> {
  // A pipe or a device could keep us waiting for ever.
  const found = await stat(path);
  if (!found.isFile()) throw new Error('it is not a file');
  return found.size;
}

function unreadable({ file, origin }: NamedFile, cause: unknown): UsageError {
  return new UsageError('USAGE', `can't use ${origin} "${file}": ${messageOf(cause)}`, { cause });
}
