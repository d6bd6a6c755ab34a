import { lstat, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import type { BuildInfo } from './build-info.ts';
import { GoError } from './errors.ts';
import { checkEnd } from './outcome.ts';
import { findProgram, type Run, type RunOptions } from './run.ts';

export interface Clone {
  readonly folder: string;
  /** Of the main module. */
  readonly moduleFolder: string;
  /** The go.work that Go takes by itself there, or `off`. */
  readonly workspace: string;
  /** As Go found it. */
  readonly url: string;
}

export interface CloneParts {
  readonly run: Run;
  /** Of the go command. */
  readonly program: string;
  readonly call: Omit<RunOptions, 'folder'>;
  /** Fresh and empty. */
  readonly folder: string;
}

const originSchema = z.object({
  Origin: z.object({ VCS: z.string().optional(), URL: z.string().optional() }).optional(),
});
const maxModules = 1000;

/**
 * The repository at the revision that a program was built from, as git itself has it: Go takes what it records of a
 * revision from there.
 * @throws GoError, the signal's reason.
 */
export async function cloneAt(info: BuildInfo, revision: string, parts: CloneParts): Promise<Clone> {
  const { run, folder, call } = parts;
  if (findProgram(call.environment, 'git') === undefined)
    throw new GoError('GO_MISSING', 'this machine has no git that could fetch its source');
  const url = await addressOf(info.module.path, revision, parts);
  const inner = join(folder, 'clone');
  const environment = {
    ...call.environment,
    GIT_TERMINAL_PROMPT: '0',
    GIT_ALLOW_PROTOCOL: 'https:ssh:file',
  };
  const git = (...words: readonly string[]) =>
    run('git', ['-c', 'core.hooksPath=/dev/null', ...words], { ...call, environment, folder });
  const plain = ['--config', 'core.autocrlf=false', '--config', 'core.hooksPath=/dev/null', '--template='];
  const how = ['--quiet', '--no-checkout', '--filter=blob:none', ...plain];
  checkEnd(await git('clone', ...how, '--', url, inner), `git clone of ${url}`);
  const inside = (...words: readonly string[]) => git('-C', inner, ...words);
  const has = await inside('cat-file', '-e', `${revision}^{commit}`);
  if (has.code !== 0)
    checkEnd(await inside('fetch', '--quiet', 'origin', revision), `git fetch of ${revision}`);
  checkEnd(await inside('checkout', '--quiet', '--detach', revision), `git checkout of ${revision}`);
  if (await isThere(join(inner, '.gitmodules')))
    throw new GoError('GO_SOURCE', `the repository at ${url} has submodules, which are not fetched`);
  const moduleFolder = await moduleFolderIn(inner, info.module.path, inside);
  return { folder: inner, moduleFolder, workspace: await workspaceOf(inner, moduleFolder), url };
}

/** By Go's own way from a module to its repository: a proxy may know it, and the module's own place does. */
async function addressOf(path: string, revision: string, parts: CloneParts): Promise<string> {
  const { run, program, call, folder } = parts;
  const words = ['list', '-m', '-json', `${path}@${revision}`];
  let failed: unknown;
  for (const more of [{}, { GOPROXY: 'direct' }]) {
    const told = await run(program, words, {
      ...call,
      folder,
      environment: { ...call.environment, ...more },
    });
    try {
      checkEnd(told, `looking for ${path} at ${revision}`);
      const url = urlIn(told.stdout);
      if (url !== undefined) return url;
    } catch (error) {
      failed ??= error;
    }
  }
  throw failed ?? new GoError('GO_GONE', `nothing says in which git repository ${path} is`);
}

function urlIn(text: string): string | undefined {
  const origin = originSchema.safeParse(safeJson(text)).data?.Origin;
  if (origin?.VCS !== 'git' || origin.URL === undefined) return undefined;
  return /^(?:https|ssh):\/\/[^\s-]/.test(origin.URL) ? origin.URL : undefined;
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A repository may have several modules. */
async function moduleFolderIn(
  clone: string,
  path: string,
  git: (...words: readonly string[]) => ReturnType<Run>,
): Promise<string> {
  const listed = await git('ls-files', '-z', '--', 'go.mod', '*/go.mod');
  checkEnd(listed, 'git ls-files');
  for (const file of listed.stdout.split('\0').slice(0, maxModules)) {
    if (file === '') continue;
    if ((await moduleIn(join(clone, file))) === path) return dirname(join(clone, file));
  }
  throw new GoError('GO_SOURCE', `the repository has no module ${path} at that revision`);
}

async function moduleIn(file: string): Promise<string | undefined> {
  const status = await lstat(file).catch(() => undefined);
  if (status?.isFile() !== true || status.size > 1024 ** 2) return undefined;
  return /^[ \t]*module[ \t]+"?([^\s"]+)/m.exec(await readFile(file, 'utf8'))?.[1];
}

async function workspaceOf(clone: string, from: string): Promise<string> {
  for (let folder = from; folder.length >= clone.length; folder = dirname(folder))
    if (await isThere(join(folder, 'go.work'))) return join(folder, 'go.work');
  return 'off';
}

async function isThere(file: string): Promise<boolean> {
  return (await lstat(file).catch(() => undefined)) !== undefined;
}
