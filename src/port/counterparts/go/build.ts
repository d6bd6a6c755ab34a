import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { FileFacts } from '../../../binary/index.ts';
import { describe } from '../release/kept-file.ts';
import { type BuildInfo, parseBuildInfo } from './build-info.ts';
import { type Clone, cloneAt } from './clone.ts';
import { GoError } from './errors.ts';
import { checkEnd } from './outcome.ts';
import type { Recipe } from './recipe.ts';
import type { Run } from './run.ts';
import type { Toolchain } from './toolchain.ts';

export interface BuilderParts {
  readonly run: Run;
  readonly toolchain: Toolchain;
  /** Fresh, for all of one program. */
  readonly folder: string;
  readonly timeoutSeconds: number;
  readonly signal?: AbortSignal | undefined;
}

/** A program that was built here. */
export interface BuiltProgram {
  readonly file: string;
  /** Hexadecimal. */
  readonly sha256: string;
  readonly size: number;
  readonly facts: FileFacts;
  readonly info: BuildInfo;
}

/** Builds one program for any machine. */
export interface Builder {
  /** The repository, once something was built from one. */
  readonly clone: Clone | undefined;
  /**
   * @param machine Go's variables for it.
   * @param linkFlags what stands for link flags that were not recorded.
   * @throws GoError, the signal's reason.
   */
  build(machine: Readonly<Record<string, string>>, linkFlags?: string): Promise<BuiltProgram>;
}

const maxBytes = 2 * 1024 ** 3;

export async function createBuilder(recipe: Recipe, parts: BuilderParts): Promise<Builder> {
  const { run, toolchain, folder, timeoutSeconds, signal } = parts;
  const environment = {
    ...(await toolchain.environmentFor(recipe.toolchain)),
    ...{ CGO_ENABLED: '0', GOWORK: 'off', GOPATH: join(folder, 'gopath') },
    ...recipe.variables,
  };
  const call = { environment, timeoutSeconds, signal };
  await mkdir(folder, { recursive: true });
  const { source, info } = recipe;
  const { program } = toolchain;
  const clone =
    source.kind === 'git' ? await cloneAt(info, source.revision, { run, program, call, folder }) : undefined;
  let count = 0;
  return {
    clone,
    async build(machine, linkFlags) {
      const flags = [...recipe.flags, ...(linkFlags === undefined ? [] : [`-ldflags=${linkFlags}`])];
      const out = join(folder, `${++count}`);
      await mkdir(out);
      const place = clone?.moduleFolder ?? folder;
      const words =
        source.kind === 'git'
          ? ['build', '-buildvcs=true', '-o', join(out, 'program'), ...flags, '--', info.package]
          : ['install', ...flags, '--', `${info.package}@${source.version}`];
      const result = await run(program, words, {
        ...call,
        folder: place,
        environment: {
          ...environment,
          ...machine,
          GOPATH: out,
          ...(clone === undefined ? {} : { GOWORK: clone.workspace }),
        },
      });
      checkEnd(result, `go ${words[0]} of ${info.package} for ${machine['GOARCH']}`);
      return inspect(
        source.kind === 'git' ? join(out, 'program') : await installedIn(join(out, 'bin')),
        signal,
      );
    },
  };
}

/** The one program below a fresh `bin`: in a folder of its machine's where that's not the builder's. */
async function installedIn(folder: string): Promise<string> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const [file, second] = found.filter((entry) => entry.isFile());
  if (file === undefined || second !== undefined)
    throw new GoError('GO_RESULT', 'go install made no program, or more than one');
  return join(file.parentPath, file.name);
}

async function inspect(file: string, signal: AbortSignal | undefined): Promise<BuiltProgram> {
  const built = await describe(file, 'program', signal).catch((cause: unknown) => {
    signal?.throwIfAborted();
    throw new GoError('GO_RESULT', 'what was built is not there', { cause });
  });
  if (built.size > maxBytes) throw new GoError('GO_RESULT', 'what was built is larger than any program');
  const text = built.facts.kind === 'elf' ? built.facts.elf.go?.text : undefined;
  const info = text === undefined ? 'it has none' : parseBuildInfo(text);
  if (typeof info === 'string')
    throw new GoError('GO_RESULT', `what was built has no build information that can be compared: ${info}`);
  return { ...built, info };
}

/** Frees the room that a program no longer needs. */
export async function discard({ file }: BuiltProgram): Promise<void> {
  await rm(file, { force: true });
}
