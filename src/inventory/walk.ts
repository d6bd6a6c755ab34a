import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../core/index.ts';
import type { Problem } from '../results/index.ts';
import { IgnoreRules } from './ignore-rules.ts';
import type { InventoryLimits } from './limits.ts';
import { readText } from './read-text.ts';

/** Folders that hold tools' own copies of others' files, never a team's sources. */
const skippedFolders: ReadonlySet<string> = new Set([
  '.git',
  '.hg',
  '.svn',
  '.jj',
  'node_modules',
  'bower_components',
  '.pnpm-store',
  '.yarn',
  '.venv',
  'venv',
  '__pycache__',
  '.tox',
  '.terraform',
  '.terragrunt-cache',
  '.gradle',
  '.cache',
]);

/** A file below a folder that is walked. */
export interface WalkedFile {
  readonly path: string;
  /** As shown to people: what they gave, and the way down from it. */
  readonly shown: string;
  /** The chart whose template the file is: the outermost one, since rendering that renders its subcharts. */
  readonly chart: string | undefined;
}

export interface WalkOptions {
  readonly limits: InventoryLimits;
  readonly problems: Problem[];
  readonly signal?: AbortSignal | undefined;
}

interface Folder {
  readonly path: string;
  readonly shown: string;
  /** Below the walk's root, with `/` at the end; empty for the root. */
  readonly relative: string;
  readonly depth: number;
  readonly rules: IgnoreRules | undefined;
  readonly chart: string | undefined;
  /** Is it a chart's `templates`, or below it? */
  readonly inTemplates: boolean;
}

/**
 * The files of a folder in the order of their paths. `.gitignore` files are obeyed from the folder down, links are
 * not followed (what they lead to inside the folder is met by itself), and tools' folders are left out.
 */
export async function* walkFolder(
  path: string,
  shown: string,
  options: WalkOptions,
): AsyncGenerator<WalkedFile> {
  const root = {
    path,
    shown,
    relative: '',
    depth: 0,
    rules: undefined,
    chart: undefined,
    inTemplates: false,
  };
  yield* walk(root, options);
}

async function* walk(folder: Folder, options: WalkOptions): AsyncGenerator<WalkedFile> {
  options.signal?.throwIfAborted();
  const entries = await list(folder, options);
  const names = new Set(entries.map((entry) => entry.name));
  const rules = names.has('.gitignore') ? await readRules(folder, options) : folder.rules;
  const chart = folder.chart ?? (names.has('Chart.yaml') ? folder.shown : undefined);
  const isChart = names.has('Chart.yaml');
  for (const entry of entries) {
    const { name } = entry;
    if (entry.isFile()) {
      if (rules?.ignores(folder.relative + name, false) === true) continue;
      const file = folder.inTemplates ? chart : undefined;
      yield { path: join(folder.path, name), shown: shownPath(folder.shown, name), chart: file };
    } else if (entry.isDirectory() && !skippedFolders.has(name)) {
      if (rules?.ignores(folder.relative + name, true) === true) continue;
      const inTemplates = folder.inTemplates || (isChart && name === 'templates');
      yield* walk(below(folder, name, { rules, chart, inTemplates }), options);
    }
  }
}

function below(folder: Folder, name: string, found: Pick<Folder, 'rules' | 'chart' | 'inTemplates'>): Folder {
  return {
    ...found,
    path: join(folder.path, name),
    shown: shownPath(folder.shown, name),
    relative: `${folder.relative}${name}/`,
    depth: folder.depth + 1,
  };
}

async function list(folder: Folder, { limits, problems }: WalkOptions): Promise<Dirent[]> {
  if (folder.depth > limits.maxFolderDepth) {
    problems.push({
      file: folder.shown,
      message: `it lies deeper than ${limits.maxFolderDepth} folders; not read`,
    });
    return [];
  }
  try {
    const entries = await readdir(folder.path, { withFileTypes: true });
    return entries.sort((left, right) => (left.name < right.name ? -1 : 1));
  } catch (error) {
    problems.push({ file: folder.shown, message: `the folder can't be read: ${messageOf(error)}` });
    return [];
  }
}

async function readRules(folder: Folder, options: WalkOptions): Promise<IgnoreRules | undefined> {
  const path = join(folder.path, '.gitignore');
  try {
    const file = await readText(path, { maxBytes: 1024 * 1024 });
    if (file.kind === 'text') return new IgnoreRules(file.text, folder.relative, folder.rules);
  } catch (error) {
    const message = `it can't be read, so nothing is ignored by it: ${messageOf(error)}`;
    options.problems.push({ file: shownPath(folder.shown, '.gitignore'), message });
  }
  return folder.rules;
}

function shownPath(folder: string, name: string): string {
  return folder === '' || folder === '.' ? name : `${folder.replace(/\/$/, '')}/${name}`;
}
