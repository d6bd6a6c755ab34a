import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { messageOf } from '../../../core/index.ts';
import { sourceFactsOf } from '../../plan/source-commands.ts';
import type { PlannedSource, SourceFacts } from '../../plan/types.ts';
import { RunError, systemCode } from '../errors.ts';
import { ask } from './ask.ts';
import type { RunContext } from './context.ts';
import { sourceJob } from './source-job.ts';

export type FileSource = Exclude<PlannedSource, { kind: 'git' }>;

const maxArchiveBytes = 64 * 2 ** 30;

/** Brings an archive or a file beside the recipe to the run's folder, if it isn't there. @throws RunError `SOURCE_FAILED` */
export async function keepSource(context: RunContext, source: FileSource): Promise<void> {
  const { objects } = context.folder;
  if ((await objects.size(source.sha256)) !== undefined) return;
  if (source.kind === 'file') return keepFile(context, source);
  const file = await objects.partial(source.sha256);
  await context.options.download(source.url, { file, maxBytes: maxArchiveBytes, signal: context.signal });
  const sha256 = await hashOf(file);
  if (sha256 !== source.sha256) {
    await rm(file, { force: true });
    throw changed(source, { from: source.url, sha256 });
  }
  await objects.adopt(file, sha256);
}

async function keepFile(context: RunContext, source: Extract<FileSource, { kind: 'file' }>): Promise<void> {
  try {
    const { sha256 } = await context.folder.objects.keep(createReadStream(source.file));
    if (sha256 !== source.sha256) throw changed(source, { from: source.file, sha256 });
  } catch (error) {
    if (systemCode(error) === undefined || error instanceof RunError) throw error;
    throw new RunError('SOURCE_FAILED', `the source "${source.name}" can not be read: ${messageOf(error)}`, {
      cause: error,
      facts: { source: source.name },
    });
  }
}

/** Puts what is kept in its place. Only the last command touches what is there, so that any of it can be done again. */
export async function putSource(
  context: RunContext,
  source: FileSource,
  attempt: number,
): Promise<SourceFacts> {
  await keepSource(context, source);
  const { place, folder, signal } = context;
  const content = folder.objects.open(source.sha256);
  const facts = sourceFactsOf(source) ?? { path: source.path, content: source.sha256 };
  if (source.kind === 'file' || !source.unpack) {
    await place.put(source.path, content, { executable: source.executable, signal });
    return facts;
  }
  const archive = `.armload/archives/${source.sha256}`;
  await place.put(archive, content, { signal });
  const partial = `${source.path}.partial`;
  const commands = [
    ['rm', '-rf', '--', partial],
    ['mkdir', '-p', '--', partial],
    ['tar', '-x', '-f', archive, '-C', partial, `--strip-components=${source.strip}`],
    ['rm', '-rf', '--', source.path],
    ['mv', '--', partial, source.path],
  ];
  for (const [index, words] of commands.entries())
    await sourceJob(context, {
      source,
      words,
      workdir: '',
      id: `source.${source.name}-${attempt}-${index + 1}`,
    });
  await ask(context, context.ownJob('source', ['rm', '-f', `${place.workspace}/${archive}`]));
  return facts;
}

async function hashOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Uint8Array);
  return hash.digest('hex');
}

function changed(
  source: FileSource,
  { from, sha256 }: { readonly from: string; readonly sha256: string },
): RunError {
  return new RunError(
    'SOURCE_FAILED',
    `the source "${source.name}" from ${from} has the SHA-256 ${sha256}, and should have ${source.sha256}`,
    { hint: 'It was changed, or is not what the recipe means.', facts: { source: source.name, sha256 } },
  );
}
