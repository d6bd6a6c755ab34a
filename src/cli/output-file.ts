import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { access, open, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { messageOf, UsageError } from '../core/index.ts';

/** A place to put a report. */
export interface OutputFile {
  /** All or nothing: a reader sees the old file or the whole new one. @throws UsageError `OUTPUT_UNWRITABLE`. */
  write(text: string): Promise<void>;
}

interface Target {
  /** As the person wrote it. */
  readonly shown: string;
  readonly path: string;
  /** A device or pipe, such as `/dev/stdout`: written to, never replaced. */
  readonly special: boolean;
  readonly mode?: number;
}

/**
 * Checks that a report can be put there, before the long work starts; `option` is what named the file.
 * @throws UsageError `OUTPUT_UNWRITABLE`.
 */
export async function openOutputFile(file: string, cwd: string, option = '--output'): Promise<OutputFile> {
  const target = await orUnwritable([file, option], () => findTarget(file, cwd));
  return {
    write: (text) =>
      orUnwritable([file, option], () =>
        target.special ? writeFile(target.path, text) : replace(target, text),
      ),
  };
}

async function findTarget(file: string, cwd: string): Promise<Target> {
  const written = resolve(cwd, file);
  // A link stays a link: what it points at is replaced.
  const path = await realpath(written).catch(() => written);
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory()) throw new Error('it is a directory');
  if (found !== undefined && !found.isFile()) return { shown: file, path, special: true };
  await access(dirname(path), constants.W_OK);
  return { shown: file, path, special: false, ...(found === undefined ? {} : { mode: found.mode }) };
}

async function replace(target: Target, text: string): Promise<void> {
  const name = `.${basename(target.path)}.${randomBytes(6).toString('hex')}.tmp`;
  const temporary = join(dirname(target.path), name);
  try {
    await writeNew(temporary, text, target.mode);
    await rename(temporary, target.path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

async function writeNew(path: string, text: string, mode: number | undefined): Promise<void> {
  const handle = await open(path, 'wx');
  try {
    await handle.writeFile(text);
    if (mode !== undefined) await handle.chmod(mode & 0o777);
    // On disk before the rename, or a power cut could leave an empty file under the final name.
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function orUnwritable<Value>(
  [file, option]: readonly [file: string, option: string],
  action: () => Promise<Value>,
): Promise<Value> {
  try {
    return await action();
  } catch (error) {
    throw new UsageError('OUTPUT_UNWRITABLE', `can't write the result to "${file}": ${messageOf(error)}`, {
      cause: error,
      hint: `Give ${option} a file in a directory that exists and is writable.`,
    });
  }
}
