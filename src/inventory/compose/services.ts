import type { Lookup } from '../interpolate.ts';
import { field, isNull, scalarField, type YamlMapping, type YamlNode } from '../yaml/nodes.ts';
import { type ComposeFile, interpolated, joinPath, loadFile, type ProjectContext } from './files.ts';

/** Links of one `extends` chain. */
const maxExtends = 20;

/** A mapping of a service and the file it stands in. */
export interface Layer {
  readonly node: YamlMapping;
  readonly file: ComposeFile;
}

/** A value and the file it stands in. */
export interface Found {
  readonly node: YamlNode;
  readonly file: ComposeFile;
}

/** A service: what its files say, the strongest first. Services it extends come after its own. */
export interface Service {
  readonly name: string;
  readonly layers: readonly Layer[];
}

/**
 * The services of a project's files, later files over earlier ones, each with what it extends (Compose
 * specification, "Merge" and "Extend").
 */
export async function readServices(
  files: readonly ComposeFile[],
  lookup: Lookup,
  context: ProjectContext,
): Promise<Service[]> {
  const own = new Map<string, Layer[]>();
  for (const file of files)
    for (const [name, nodes] of file.services)
      own.set(name, [...nodes.map((node) => ({ node, file })).reverse(), ...(own.get(name) ?? [])]);
  const result: Service[] = [];
  for (const [name, layers] of own)
    result.push({ name, layers: await withExtended(name, layers, { own, lookup, context }) });
  return result;
}

interface Extending {
  readonly own: ReadonlyMap<string, readonly Layer[]>;
  readonly lookup: Lookup;
  readonly context: ProjectContext;
}

async function withExtended(name: string, start: readonly Layer[], extending: Extending): Promise<Layer[]> {
  const layers = [...start];
  let current: readonly Layer[] = start;
  const seen = new Set([`${start[0]?.file.path}#${name}`]);
  while (true) {
    const found = strongest(current, 'extends');
    if (found === undefined) return layers;
    const next = await extended(found, extending);
    if (next === undefined) return layers;
    if (seen.has(next.id) || seen.size > maxExtends) {
      report(found, `service "${name}" extends itself or more than ${maxExtends} others`, extending.context);
      return layers;
    }
    seen.add(next.id);
    layers.push(...next.layers);
    current = next.layers;
  }
}

/** The service that an `extends` names, as a text or as `{service, file}`. */
async function extended(
  found: Found,
  extending: Extending,
): Promise<{ id: string; layers: readonly Layer[] } | undefined> {
  const { context, lookup } = extending;
  const service = found.node.kind === 'scalar' ? found.node : scalarField(found.node, 'service');
  if (service === undefined) return undefined;
  const fileNode = scalarField(found.node, 'file');
  if (fileNode === undefined) return sameFile(found, service.value, extending);
  const path = interpolated(fileNode, lookup);
  if (path.text === undefined) {
    report(found, `the file of "extends" is unknown: ${path.unresolved}`, context);
    return undefined;
  }
  const file = await loadFile(joinPath(found.file.folder, path.text), context);
  const layers = file === undefined ? [] : layersOf(file, service.value);
  if (file === undefined || layers.length === 0) {
    const what = file === undefined ? 'the file can not be read' : 'it has no such service';
    report(found, `service "${service.value}" of ${path.text} can't be extended: ${what}`, context);
    return undefined;
  }
  return { id: `${file.path}#${service.value}`, layers };
}

function sameFile(
  found: Found,
  name: string,
  { own, context }: Extending,
): { id: string; layers: readonly Layer[] } | undefined {
  const inFile = layersOf(found.file, name);
  const all = own.get(name);
  const layers = all?.some((layer) => layer.file === found.file) === true ? all : inFile;
  if (layers.length === 0) {
    report(found, `it extends the service "${name}", which is not there`, context);
    return undefined;
  }
  return { id: `${found.file.path}#${name}`, layers };
}

function layersOf(file: ComposeFile, name: string): Layer[] {
  return (file.services.get(name) ?? []).map((node) => ({ node, file })).reverse();
}

/** The strongest value under a key. `!reset` takes weaker ones away; an empty value changes nothing. */
export function strongest(layers: readonly Layer[], key: string): Found | undefined {
  for (const { node, file } of layers) {
    const value = field(node, key);
    if (value?.kind === 'scalar' && value.reset === true) return undefined;
    if (value !== undefined && !isNull(value)) return { node: value, file };
  }
  return undefined;
}

/** Every layer's value under a key: for lists, which add up. */
export function allValues(layers: readonly Layer[], key: string): YamlNode[] {
  return layers.flatMap(({ node }) => field(node, key) ?? []);
}

/** Adds a problem at the place of a value. */
export function report({ node, file }: Found, message: string, context: ProjectContext): void {
  context.problems.push({ file: file.path, ...file.lines.at(node.offset), message });
}
