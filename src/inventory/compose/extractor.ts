import type { Lookup } from '../interpolate.ts';
import { baseName, looksLikeYaml, mayBeData } from '../source-name.ts';
import type { ExtractOptions, Extractor, FoundUse, FoundWorkload, Inventory, SourceText } from '../types.ts';
import { field, itemsOf, scalarField, textsOf, type YamlNode } from '../yaml/nodes.ts';
import {
  type ComposeFile,
  interpolated,
  joinPath,
  loadFile,
  maxProjects,
  type ProjectContext,
  parseFile,
  projectLookup,
} from './files.ts';
import { serviceConstraints, serviceUse } from './service-facts.ts';
import { allValues, readServices, report } from './services.ts';

/**
 * Compose files: the images and platforms of services after interpolation (`.env` and the environment), merging
 * with the override file beside them, `extends` and `include`. A workload is a service.
 */
export const composeExtractor: Extractor = { kind: 'compose', recognizes, extract };

const composeName = /^(?:docker-)?compose(?:[._-].*)?\.ya?ml$/;

function recognizes({ path, text }: SourceText): boolean {
  if (!mayBeData(path)) return false;
  if (composeName.test(baseName(path))) return /^["']?(?:services|include)["']?[ \t]*:/m.test(text);
  if (/^apiVersion[ \t]*:/m.test(text)) return false;
  if (/^\s{0,100}\{/.test(text))
    return /"services"\s{0,20}:\s{0,20}\{/.test(text) && /"(?:image|build)"\s{0,20}:/.test(text);
  return (
    /^services[ \t]*:[ \t]*(?:#.*|[{&].*)?$/m.test(text) &&
    /^[ \t].*\b(?:image|build|extends)["']?[ \t]*:/m.test(text) &&
    looksLikeYaml(text)
  );
}

interface Found {
  readonly uses: FoundUse[];
  readonly workloads: FoundWorkload[];
}

async function extract(source: SourceText, options: ExtractOptions): Promise<Inventory> {
  const context: ProjectContext = { source, options, problems: [], files: new Map(), projects: 0 };
  const found: Found = { uses: [], workloads: [] };
  const self = await parseFile(source, '', context);
  const files = await withOverride(self, source, context);
  const lookup = await projectLookup(['.env'], context);
  await addProject(files, { lookup, found, context, seen: new Set([source.path]) });
  return { ...found, problems: context.problems };
}

/** Compose reads `compose.override.yaml` over `compose.yaml`, whichever of the two the scan met. */
async function withOverride(
  self: ComposeFile,
  source: SourceText,
  context: ProjectContext,
): Promise<ComposeFile[]> {
  const match = /^((?:docker-)?compose)(\.override)?\.(ya?ml)$/.exec(baseName(source.path));
  if (match === null) return [self];
  const [, stem, override, extension] = match;
  const other = override === undefined ? `${stem}.override` : `${stem}`;
  const extensions = extension === 'yml' ? ['yml', 'yaml'] : ['yaml', 'yml'];
  for (const candidate of extensions) {
    const file = await loadFile(`${other}.${candidate}`, context);
    if (file !== undefined) return override === undefined ? [self, file] : [file, self];
  }
  return [self];
}

interface Project {
  readonly lookup: Lookup;
  readonly found: Found;
  readonly context: ProjectContext;
  /** Files whose projects are being read, against cycles. */
  readonly seen: Set<string>;
}

async function addProject(files: readonly ComposeFile[], project: Project): Promise<void> {
  const { lookup, context, found } = project;
  context.options.signal?.throwIfAborted();
  for (const service of await readServices(files, lookup, context)) {
    const profiles = allValues(service.layers, 'profiles').flatMap(textsOf);
    if (!isOn(profiles, context.options.profiles)) continue;
    const use = serviceUse(service, lookup);
    const constraints = serviceConstraints(service, lookup, context);
    if (use !== undefined) found.uses.push(use);
    const place = service.layers.at(0);
    if ((use === undefined && constraints.length === 0) || place === undefined) continue;
    found.workloads.push({
      name: `service ${service.name}`,
      source: 'compose',
      file: use?.use.file ?? place.file.path,
      line: use?.use.line ?? place.file.lines.at(place.node.offset).line,
      constraints,
    });
  }
  for (const file of files) {
    for (const includes of file.includes) {
      for (const item of includes.kind === 'sequence' ? includes.items : [includes])
        await addInclude(item, file, project);
    }
  }
}

function isOn(profiles: readonly string[], active: readonly string[]): boolean {
  return (
    profiles.length === 0 || active.includes('*') || profiles.some((profile) => active.includes(profile))
  );
}

/** An included project has its own folder and `.env`; its paths are one, or a list to merge. */
async function addInclude(item: YamlNode, from: ComposeFile, project: Project): Promise<void> {
  const { context } = project;
  const paths = includePaths(item, from, project);
  const files: ComposeFile[] = [];
  for (const path of paths) {
    const file = await loadFile(path, context);
    if (file === undefined)
      report({ node: item, file: from }, `it includes ${path}, which can't be read`, context);
    else files.push(file);
  }
  const [first] = files;
  if (first === undefined) return;
  if (project.seen.has(first.path) || context.projects++ >= maxProjects) {
    report({ node: item, file: from }, `it includes itself, or more than ${maxProjects} projects`, context);
    return;
  }
  const envFiles = textsOf(field(item, 'env_file')).map((path) => joinPath(from.folder, path));
  const folder = scalarField(item, 'project_directory')?.value;
  const own = joinPath(folder === undefined ? first.folder : joinPath(from.folder, folder), '.env');
  const lookup = await projectLookup(envFiles.length > 0 ? envFiles : [own], context, project.lookup);
  const seen = new Set([...project.seen, first.path]);
  await addProject(files, { ...project, lookup, seen });
}

function includePaths(item: YamlNode, from: ComposeFile, { lookup, context }: Project): string[] {
  const paths = item.kind === 'mapping' ? field(item, 'path') : item;
  const nodes = paths?.kind === 'sequence' ? itemsOf(paths) : paths === undefined ? [] : [paths];
  return nodes.flatMap((node) => {
    if (node.kind !== 'scalar') return [];
    const path = interpolated(node, lookup);
    if (path.text !== undefined && !/^(?:https?:|git@|git:|ssh:|oci:)/.test(path.text))
      return [joinPath(from.folder, path.text)];
    const why = path.unresolved ?? 'it is not on this machine';
    report({ node, file: from }, `an included file is not read: ${why}`, context);
    return [];
  });
}
