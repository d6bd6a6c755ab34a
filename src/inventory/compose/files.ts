import type { Problem } from '../../results/index.ts';
import { type Interpolated, interpolate, type Lookup } from '../interpolate.ts';
import { LineIndex } from '../line-index.ts';
import type { ExtractOptions, SourceText } from '../types.ts';
import { field, type YamlMapping, type YamlNode, type YamlScalar } from '../yaml/nodes.ts';
import { readYaml } from '../yaml/read.ts';
import { parseDotenv } from './dotenv.ts';

/** Files that one project may read by `include`, `extends` and overrides together. */
const maxProjectFiles = 200;

/** Documents of one file, each merged over those before it. */
const maxDocuments = 100;
/** Projects that one project may include, over all levels. */
export const maxProjects = 200;

/** One file of a project. */
export interface ComposeFile {
  /** As shown to people. */
  readonly path: string;
  /** Relative to the folder of the file the scan found, `/` between parts; empty for that folder itself. */
  readonly folder: string;
  readonly lines: LineIndex;
  /** What its documents say of each service, in their order. */
  readonly services: ReadonlyMap<string, readonly YamlMapping[]>;
  readonly includes: readonly YamlNode[];
}

/** What the files of one project share. */
export interface ProjectContext {
  readonly source: SourceText;
  readonly options: ExtractOptions;
  readonly problems: Problem[];
  /** Files read so far, by their path; a file is parsed once. */
  readonly files: Map<string, Promise<ComposeFile | undefined>>;
  /** Projects included so far. */
  projects: number;
}

/** Reads a file that another one names; `undefined` where there is none. */
export function loadFile(path: string, context: ProjectContext): Promise<ComposeFile | undefined> {
  const known = context.files.get(path);
  if (known !== undefined) return known;
  const loading = readAndParse(path, context);
  if (context.files.size < maxProjectFiles) context.files.set(path, loading);
  return loading;
}

async function readAndParse(path: string, context: ProjectContext): Promise<ComposeFile | undefined> {
  if (context.files.size >= maxProjectFiles) return undefined;
  const text = await context.options.readSibling(path);
  if (text === undefined) return undefined;
  return parseFile({ path: shownPath(context.source.path, path), text }, folderOf(path), context);
}

/** Parses the text of a file; what is wrong with it goes to the context's problems. */
export async function parseFile(
  source: SourceText,
  folder: string,
  context: ProjectContext,
): Promise<ComposeFile> {
  const lines = new LineIndex(source.text);
  const services = new Map<string, YamlMapping[]>();
  const includes: YamlNode[] = [];
  const problems = await readYaml(
    source,
    ({ root }) => {
      const found = field(root, 'services');
      if (found?.kind === 'mapping') addServices(found, services);
      const included = field(root, 'include');
      if (included !== undefined) includes.push(included);
    },
    { lines, signal: context.options.signal, maxDocuments },
  );
  context.problems.push(...problems);
  return { path: source.path, folder, lines, services, includes };
}

function addServices(node: YamlMapping, services: Map<string, YamlMapping[]>): void {
  for (const { key, value } of node.entries) {
    if (value.kind !== 'mapping') continue;
    const known = services.get(key);
    if (known === undefined) services.set(key, [value]);
    else known.push(value);
  }
}

/** The folder part of a relative path: `a/b.yaml` is in `a`. */
function folderOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? '' : path.slice(0, slash);
}

/** A path written in a file, seen from the folder where the scan started. */
export function joinPath(folder: string, path: string): string {
  return folder === '' || path.startsWith('/') ? path : `${folder}/${path}`;
}

function shownPath(sourcePath: string, relative: string): string {
  const normal = relative.replace(/^(?:\.\/)+/, '');
  return relative.startsWith('/') ? relative : joinPath(folderOf(sourcePath), normal);
}

/** The variables of a project: the environment, then the outer project's, then its own `.env` files. */
export async function projectLookup(
  envFiles: readonly string[],
  context: ProjectContext,
  outer?: Lookup,
): Promise<Lookup> {
  const { environment, readSibling } = context.options;
  const given: Lookup = (name) =>
    Object.hasOwn(environment, name) && environment[name] !== undefined ? environment[name] : outer?.(name);
  const values = new Map<string, string>();
  for (const file of envFiles) {
    const text = await readSibling(file);
    if (text === undefined) continue;
    for (const [name, value] of parseDotenv(text, given)) values.set(name, value);
  }
  return (name) => given(name) ?? values.get(name);
}

/** Fills in a text's variables as Compose does. */
export function interpolated(node: YamlScalar, lookup: Lookup): Interpolated {
  return interpolate(node.value, {
    escape: '$',
    lookup,
    unset: (name) => `the variable ${name} is not set and has no default`,
  });
}
