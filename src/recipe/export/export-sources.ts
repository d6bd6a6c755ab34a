import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { messageOf } from '../../core/index.ts';
import { RecipeError } from '../errors.ts';
import { sourceCommands } from '../plan/source-commands.ts';
import type { Plan, PlannedSource } from '../plan/types.ts';
import { ExportError } from './errors.ts';
import { delimiterFor, displayText, shellFunction, shellText, shellTexts } from './words.ts';

/** What a script holds for others to read: patches and configurations, not archives. */
const maxFileBytes = 256 * 1024;
const maxAllBytes = 1024 * 1024;

type FileSource = Extract<PlannedSource, { kind: 'file' }>;

/**
 * The functions that put the sources in place; files beside the recipe are in the script itself.
 * @throws ExportError for files that are too large, RecipeError `SOURCE_CHANGED`, `SOURCE_MISSING`
 */
export async function sourceFunctions(
  { sources }: Plan,
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  const functions: string[] = [];
  let bytes = 0;
  for (const [index, source] of sources.entries()) {
    let lines = sourceCommands(source).map(({ words }) => `fetch ${shellTexts(words)} || return 1`);
    if (source.kind === 'file') {
      const content = await contentOf(source, signal);
      bytes += content.length;
      if (bytes > maxAllBytes) throw tooLarge('the files beside the recipe', maxAllBytes);
      lines = [fileLines(source, content)];
    }
    functions.push(
      `# The source ${source.name}, ${describe(source)}\n${shellFunction(`source_${index + 1}`, lines)}`,
    );
  }
  return functions;
}

/** The lines that have all sources in place. */
export function sourceLines({ sources }: Plan): readonly string[] {
  return sources.map((source, index) => {
    const content = source.kind === 'git' ? (source.commit ?? '') : source.sha256;
    const words = [source.name, source.kind, source.path, content, recordOf(source), `source_${index + 1}`];
    return `have_source ${shellTexts(words)}`;
  });
}

function describe(source: PlannedSource): string {
  if (source.kind === 'file') return `a file beside the recipe, into ${displayText(source.path)}`;
  const at = source.kind === 'git' ? ` at ${displayText(source.commit ?? source.ref ?? 'HEAD')}` : '';
  return `${displayText(source.url)}${at}, into ${displayText(source.path)}`;
}

/** Of what the recipe says of it: another digest, and it's fetched anew. */
function recordOf(source: PlannedSource): string {
  const { file: _, ...said } = { file: '', ...source };
  return createHash('sha256').update(JSON.stringify(said)).digest('hex');
}

async function contentOf(source: FileSource, signal: AbortSignal | undefined): Promise<Buffer> {
  const content = await readBounded(source, signal);
  if (createHash('sha256').update(content).digest('hex') === source.sha256) return content;
  throw new RecipeError(
    'SOURCE_CHANGED',
    `the file of the source "${source.name}" changed while it was exported`,
  );
}

async function readBounded({ file, name }: FileSource, signal: AbortSignal | undefined): Promise<Buffer> {
  try {
    const { size } = await stat(file);
    if (size > maxFileBytes) throw tooLarge(`the file of the source "${name}"`, maxFileBytes);
    return await readFile(file, { signal });
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof ExportError) throw error;
    throw new RecipeError(
      'SOURCE_MISSING',
      `the file of the source "${name}" can't be read: ${messageOf(error)}`,
      { cause: error },
    );
  }
}

function tooLarge(what: string, most: number): ExportError {
  return new ExportError(
    'NOT_EXPORTABLE',
    `${what} would be in the script, and has more than ${most} bytes`,
    {
      hint: 'Put it where it can be fetched from, and name it as a source with "url" and "sha256".',
    },
  );
}

function fileLines({ path, executable, sha256 }: FileSource, content: Buffer): string {
  const put = `put_file ${shellText(path)} ${executable ? '755' : '644'} ${sha256}`;
  const text = plainTextOf(content);
  if (text !== undefined) {
    const delimiter = delimiterFor(text);
    return `${put} <<'${delimiter}'\n${text}${delimiter}`;
  }
  const encoded = content.toString('base64').replaceAll(/.{1,76}/g, '$&\n');
  return `base64 -d <<'END' | ${put}\n${encoded}END`;
}

/** A text that a here-document holds as it is, and that a person can read there. */
function plainTextOf(content: Buffer): string | undefined {
  const text = content.toString('utf8');
  const isPlain = Buffer.from(text).equals(content) && !/[^\P{C}\n\t]|[\p{Zl}\p{Zp}]/u.test(text);
  const isOneLine = text.split('\n').every((line) => line.length < 2000);
  return isPlain && isOneLine && text.endsWith('\n') && !text.includes('${{') ? text : undefined;
}
