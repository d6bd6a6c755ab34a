import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { messageOf } from '../../core/index.ts';
import { sourceProblems } from '../document/checks/sources.ts';
import { workspacePath } from '../document/paths.ts';
import type { RecipeDocument, SourceDocument } from '../document/schema.ts';
import { RecipeError } from '../errors.ts';
import type { Binding } from './binding.ts';
import type { PlannedSource } from './types.ts';

/** A file beside a recipe is a patch or a configuration; what is large is better had from an address. */
const maxFileBytes = 256 * 2 ** 20;

export interface SourceOptions {
  /** Where the recipe's file is. */
  readonly directory: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The sources with their parameters filled in; files beside the recipe are read for their SHA-256.
 * @throws RecipeError `PLAN_INVALID`, `PATH_OUTSIDE`, `SOURCE_MISSING`, `SOURCE_CHANGED`
 */
export async function planSources(
  { sources = {} }: RecipeDocument,
  { binding, ...options }: SourceOptions & { readonly binding: Binding },
): Promise<readonly PlannedSource[]> {
  const planned: PlannedSource[] = [];
  for (const [name, source] of Object.entries(sources)) {
    options.signal?.throwIfAborted();
    planned.push(await planSource(name, { source: filled(name, source, binding), options }));
  }
  return planned;
}

/** With its texts known, it has to keep the rules that the document was read by. */
function filled(name: string, source: SourceDocument, binding: Binding): SourceDocument {
  const text = (value: string | undefined) => (value === undefined ? undefined : binding.text(value));
  const path = binding.text(source.path);
  const known: SourceDocument =
    'git' in source
      ? { ...source, path, git: binding.text(source.git), commit: text(source.commit), ref: text(source.ref) }
      : 'url' in source
        ? { ...source, path, url: binding.text(source.url), sha256: binding.text(source.sha256) }
        : { ...source, path };
  for (const [member, problem] of sourceProblems(known))
    throw new RecipeError('PLAN_INVALID', `the source "${name}": ${member}: ${problem}`, {
      hint: 'What its parameters are filled with decides that.',
    });
  return known;
}

async function planSource(
  name: string,
  { source, options }: { source: SourceDocument; options: SourceOptions },
): Promise<PlannedSource> {
  const path = workspacePath(source.path);
  if ('git' in source)
    return {
      kind: 'git',
      name,
      url: source.git,
      ...(source.commit !== undefined && { commit: source.commit }),
      ...(source.ref !== undefined && { ref: source.ref }),
      ...(source.branch !== undefined && { branch: source.branch }),
      submodules: source.submodules ?? false,
      path,
    };
  const executable = source.executable ?? false;
  if ('url' in source)
    return {
      kind: 'archive',
      name,
      url: source.url,
      sha256: source.sha256,
      path,
      unpack: source.unpack !== undefined,
      strip: source.strip ?? 0,
      executable,
    };
  const file = await fileBeside(source.file, options.directory);
  const sha256 = await hashOf(file, { name: source.file, signal: options.signal });
  if (source.sha256 !== undefined && source.sha256 !== sha256)
    throw new RecipeError(
      'SOURCE_CHANGED',
      `${source.file} has the SHA-256 ${sha256}; the recipe wants ${source.sha256}`,
    );
  return { kind: 'file', name, file, sha256, path, executable };
}

/** A recipe may name what lies beside it, and nothing else of the machine: it could be sent to another one. */
async function fileBeside(file: string, directory: string): Promise<string> {
  try {
    const root = await realpath(directory);
    const real = await realpath(join(root, file));
    if (!real.startsWith(root.endsWith(sep) ? root : root + sep))
      throw new RecipeError('SOURCE_MISSING', `${file} is a link out of the recipe's folder`);
    const facts = await stat(real);
    if (facts.isFile() && facts.size <= maxFileBytes) return real;
    const what = facts.isFile() ? `larger than ${maxFileBytes} bytes` : 'no plain file';
    throw new RecipeError('SOURCE_MISSING', `${file}, which the recipe uses, is ${what}`);
  } catch (error) {
    if (error instanceof RecipeError) throw error;
    throw unreadable(file, error);
  }
}

async function hashOf(
  path: string,
  { name, signal }: { name: string; signal?: AbortSignal | undefined },
): Promise<string> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path, { signal })) hash.update(chunk as Uint8Array);
    return hash.digest('hex');
  } catch (error) {
    signal?.throwIfAborted();
    throw unreadable(name, error);
  }
}

function unreadable(file: string, cause: unknown): RecipeError {
  return new RecipeError(
    'SOURCE_MISSING',
    `${file}, which the recipe uses, can't be read: ${messageOf(cause)}`,
    {
      cause,
      hint: 'Files of a recipe are named from the folder that the recipe is in.',
    },
  );
}
