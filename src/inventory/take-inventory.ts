import { realpath, stat } from 'node:fs/promises';
import { dirname, normalize, resolve, sep } from 'node:path';
import { type EventSink, messageOf, UsageError } from '../core/index.ts';
import type { Problem, SourceKind } from '../results/index.ts';
import { InventoryCollector } from './collector.ts';
import { extractors } from './extractors.ts';
import { defaultLimits, type InventoryLimits } from './limits.ts';
import { LineIndex } from './line-index.ts';
import { listExtractor, mayBeList } from './list/extractor.ts';
import { ownText } from './own-text.ts';
import { type FileText, readText } from './read-text.ts';
import { foundUse } from './reference-text.ts';
import { baseName, mayBeData } from './source-name.ts';
import type { ExtractOptions, Inventory, ReadSibling, SourceText } from './types.ts';
import { type WalkedFile, walkFolder } from './walk.ts';

/** A path of a file or folder, `-` for stdin, or a reference given directly. */
export type InventoryInput = string | { readonly kind: 'argument'; readonly text: string };

export interface InventoryOptions {
  /** Where relative paths start; the process's folder by default. */
  readonly cwd?: string;
  /** For Compose interpolation; `process.env` by default. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Compose profiles that are on; all by default. */
  readonly profiles?: readonly string[];
  /** Gives what came in on stdin; needed where `-` is an input. */
  readonly stdin?: () => Promise<string>;
  readonly limits?: Partial<InventoryLimits>;
  readonly onEvent?: EventSink;
  readonly signal?: AbortSignal;
}

/** What one run shares. */
interface Run {
  readonly cwd: string;
  readonly options: InventoryOptions;
  readonly limits: InventoryLimits;
  readonly collector: InventoryCollector;
  /** Files met so far, so that overlapping inputs count once. */
  readonly seen: Set<string>;
  files: number;
}

/**
 * Finds every use of an image in the inputs, in their order. What can't be read is a problem with its file and place,
 * and never ends the run.
 * @throws UsageError `INPUT_NOT_FOUND` naming a path that isn't there, before anything is read; the signal's reason.
 */
export async function takeInventory(
  inputs: readonly InventoryInput[],
  options: InventoryOptions = {},
): Promise<Inventory> {
  const run: Run = {
    cwd: options.cwd ?? process.cwd(),
    options,
    limits: { ...defaultLimits, ...options.limits },
    collector: new InventoryCollector(),
    seen: new Set(),
    files: 0,
  };
  const found = await Promise.all(inputs.map((input) => look(input, run)));
  options.onEvent?.({ type: 'phase', phase: 'inventory' });
  for (const input of found) {
    options.signal?.throwIfAborted();
    await takeInput(input, run);
  }
  return run.collector.inventory();
}

type FoundInput =
  | { readonly kind: 'argument'; readonly text: string }
  | { readonly kind: 'stdin' }
  | { readonly kind: 'file' | 'folder'; readonly path: string; readonly shown: string };

async function look(input: InventoryInput, run: Run): Promise<FoundInput> {
  if (typeof input !== 'string') return input;
  if (input === '-') return { kind: 'stdin' };
  const path = resolve(run.cwd, input);
  const shown = normalize(input).split(sep).join('/');
  try {
    return { kind: (await stat(path)).isDirectory() ? 'folder' : 'file', path, shown };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    // A path that is there and can't be looked at is reported when it is read.
    if (code !== 'ENOENT' && code !== 'ENOTDIR') return { kind: 'file', path, shown };
    throw inputNotFound(input);
  }
}

/** What a person named is neither there nor a reference. */
export function inputNotFound(path: string): UsageError {
  return new UsageError('INPUT_NOT_FOUND', `there is no file or folder "${path}"`, {
    hint: 'Give paths of files or folders, image references, or - for stdin.',
    facts: { path },
  });
}

async function takeInput(input: FoundInput, run: Run): Promise<void> {
  if (input.kind === 'argument') {
    run.collector.add({
      uses: [foundUse({ written: input.text }, { source: 'argument' })],
      workloads: [],
      problems: [],
    });
  } else if (input.kind === 'stdin') await takeStdin(run);
  else if (input.kind === 'folder') await takeFolder(input.path, input.shown, run);
  else run.collector.add(await readFileInventory({ ...input, chart: undefined }, run, true));
}

async function takeStdin(run: Run): Promise<void> {
  const { stdin } = run.options;
  if (stdin === undefined) throw new UsageError('USAGE', 'there is no stdin to read "-" from');
  const text = (await stdin()).replace(/^\uFEFF/, '');
  const source = { path: '-', text };
  const found = await extractFirst(source, true, extractOptions(run.cwd, run));
  run.collector.add(found?.inventory ?? unrecognised(source));
}

/** Reads ahead within bounds and adds what comes in the order of the paths. */
async function takeFolder(path: string, shown: string, run: Run): Promise<void> {
  const problems: Problem[] = [];
  const { limits, options } = run;
  const reading: Promise<Inventory>[] = [];
  try {
    for await (const file of walkFolder(path, shown, { limits, problems, signal: options.signal })) {
      if (run.files >= limits.maxFiles) {
        problems.push({
          file: file.shown,
          message: `more than ${limits.maxFiles} files; the rest was not read`,
        });
        break;
      }
      run.files++;
      if (!isWorthReading(file.shown)) continue;
      reading.push(readFileInventory(file, run, false));
      if (reading.length >= limits.concurrency) run.collector.add((await reading.shift()) ?? nothing);
    }
    for (const inventory of reading.splice(0)) run.collector.add(await inventory);
  } finally {
    await Promise.allSettled(reading);
  }
  run.collector.add({ uses: [], workloads: [], problems });
}

/** Prose, programs and pictures hold no sources; by name, so that they needn't be opened. */
function isWorthReading(path: string): boolean {
  return (
    mayBeData(path) &&
    !/\.(?:png|jpe?g|gif|webp|ico|pdf|zip|gz|tgz|xz|zst|bz2|jar|woff2?|ttf|mp4|so|o|a|exe|dll|class|pyc)$/i.test(
      path,
    )
  );
}

const nothing: Inventory = { uses: [], workloads: [], problems: [] };

async function readFileInventory(file: WalkedFile, run: Run, isNamed: boolean): Promise<Inventory> {
  const { shown } = file;
  const { limits, options } = run;
  try {
    const real = await realpath(file.path);
    if (run.seen.has(real)) return nothing;
    run.seen.add(real);
    const content = await readText(file.path, {
      maxBytes: limits.maxFileBytes,
      pipes: isNamed,
      signal: options.signal,
    });
    if (content.kind !== 'text') return refused(shown, content, isNamed);
    return await extractText({ path: ownText(shown), text: content.text }, content.validUtf8, {
      file,
      run,
      isNamed,
    });
  } catch (error) {
    options.signal?.throwIfAborted();
    if (error instanceof Error && 'syscall' in error)
      return problem(shown, `it can't be read: ${messageOf(error)}`);
    throw error;
  }
}

function refused(shown: string, content: Exclude<FileText, { kind: 'text' }>, isNamed: boolean): Inventory {
  const isData = /\.(?:ya?ml|json)$/.test(baseName(shown));
  if (content.kind === 'too-large' && (isNamed || isData))
    return problem(shown, `it is larger than the limit of ${content.limit} bytes; not read`);
  if (!isNamed) return nothing;
  return problem(shown, content.kind === 'binary' ? 'it is a binary file' : 'it is not a regular file');
}

interface Extracting {
  readonly file: WalkedFile;
  readonly run: Run;
  readonly isNamed: boolean;
}

async function extractText(
  source: SourceText,
  validUtf8: boolean,
  { file, run, isNamed }: Extracting,
): Promise<Inventory> {
  if (file.chart !== undefined && source.text.includes('{{')) {
    if (/\.(?:ya?ml|json|tpl)$/.test(baseName(source.path))) run.collector.addTemplate(file.chart);
    return nothing;
  }
  const found = await extractFirst(source, isNamed, extractOptions(dirname(file.path), run));
  if (found === undefined) return isNamed ? unrecognised(source) : nothing;
  const { inventory, kind } = found;
  if (validUtf8 || kind === 'dockerfile' || kind === 'list') return inventory;
  const place = new LineIndex(source.text).at(Math.max(source.text.indexOf('\uFFFD'), 0));
  const broken = {
    file: source.path,
    ...place,
    message: 'it is not valid UTF-8 here; other tools will refuse it',
  };
  return { ...inventory, problems: [...inventory.problems, broken] };
}

/**
 * Lets every kind that recognises the text read it, until one finds anything: values of a chart may quote whole
 * manifests and still be values. What a person named or piped in may also be a plain list. `undefined` where nothing
 * recognises it.
 */
async function extractFirst(
  source: SourceText,
  isNamed: boolean,
  options: ExtractOptions,
): Promise<{ readonly kind: SourceKind; readonly inventory: Inventory } | undefined> {
  let recognised: SourceKind | undefined;
  for (const extractor of extractors) {
    if (!extractor.recognizes(source)) continue;
    recognised ??= extractor.kind;
    const inventory = await extractor.extract(source, options);
    if (hasAny(inventory)) return { kind: extractor.kind, inventory };
  }
  if (recognised !== undefined) return { kind: recognised, inventory: nothing };
  if (!isNamed || !mayBeList(source.text)) return undefined;
  return { kind: 'list', inventory: await listExtractor.extract(source, options) };
}

function hasAny({ uses, workloads, problems, pullSecrets, serviceAccounts }: Inventory): boolean {
  const counts = [uses.length, workloads.length, problems.length, pullSecrets?.size, serviceAccounts?.size];
  return counts.some((count) => count !== undefined && count > 0);
}

function extractOptions(folder: string, run: Run): ExtractOptions {
  const { environment, profiles, signal } = run.options;
  return {
    readSibling: siblingReader(folder, run.limits),
    environment: environment ?? process.env,
    profiles: profiles ?? ['*'],
    ...(signal === undefined ? {} : { signal }),
  };
}

function siblingReader(folder: string, limits: InventoryLimits): ReadSibling {
  return async (relativePath) => {
    if (relativePath.includes('\0')) return undefined;
    try {
      const content = await readText(resolve(folder, relativePath), { maxBytes: limits.maxFileBytes });
      return content.kind === 'text' ? content.text : undefined;
    } catch {
      // Not there, a folder, or not ours to read: the extractor says what it misses.
      return undefined;
    }
  };
}

function unrecognised({ path, text }: SourceText): Inventory {
  const message =
    text.trim() === ''
      ? 'it is empty'
      : 'it is none of what can be read: Kubernetes resources, a Compose file, a Dockerfile, a list of references';
  return problem(path, message);
}

function problem(file: string, message: string): Inventory {
  return { uses: [], workloads: [], problems: [{ file, message }] };
}
