import { maxUsesPerFile } from '../limits.ts';
import { LineIndex } from '../line-index.ts';
import { ownText } from '../own-text.ts';
import { foundUse } from '../reference-text.ts';
import { baseName, looksLikeYaml, mayBeData } from '../source-name.ts';
import type {
  ExtractOptions,
  Extractor,
  FoundUse,
  FoundWorkload,
  Inventory,
  PullSecret,
  SourceText,
} from '../types.ts';
import { field, itemsOf, textField, type YamlMapping, type YamlNode } from '../yaml/nodes.ts';
import { readYaml } from '../yaml/read.ts';
import { YamlRefusal } from '../yaml/tree-builder.ts';
import { isKustomization, kustomizationInventory } from './kustomization.ts';
import { type Group, groupByOwner } from './owners.ts';
import { addCredentials, credentialsOf } from './pull-secrets.ts';
import { describeResource, type Resource, type ResourceDescription, type ResourceImage } from './resource.ts';
import { VisitBudget, walkResource } from './resource-walk.ts';
import type { FoundConstraint } from './scheduling.ts';

/**
 * Kubernetes resources, as YAML or JSON, of any kind: pod specs are found wherever they are nested, image volumes
 * and the containers of Tekton and Argo included; other custom resources are searched for fields whose name
 * suggests an image, which is marked as a guess. Lists, several documents, live pods and their owners are
 * understood. The text is read as it is: templates and Kustomize bases are rendered by their own tools first.
 */
export const kubernetesExtractor: Extractor = { kind: 'kubernetes', recognizes, extract };

function recognizes(source: SourceText): boolean {
  const { path, text } = source;
  if (/^kustomization\.ya?ml$/.test(baseName(path))) return true;
  if (!text.includes('apiVersion') || !text.includes('kind') || !mayBeData(path)) return false;
  if (/["']apiVersion["']\s{0,20}:/.test(text) && /["']kind["']\s{0,20}:/.test(text))
    return looksLikeYaml(text);
  // At the start of a line, or inside a list such as kubectl's.
  const fields =
    /^(?:[ \t]*-[ \t]+|[ \t]*)apiVersion[ \t]*:/m.test(text) && /^[ \t-]*kind[ \t]*:/m.test(text);
  return fields && (looksLikeYaml(text) || text.includes('{{'));
}

interface Reading {
  readonly source: SourceText;
  readonly lines: LineIndex;
  readonly resources: Resource[];
  readonly extras: Inventory[];
  /** Images found so far. */
  images: number;
  readonly pullSecrets: Map<string, PullSecret>;
  readonly serviceAccounts: Map<string, readonly string[]>;
}

async function extract(source: SourceText, options: ExtractOptions): Promise<Inventory> {
  const lines = new LineIndex(source.text);
  const reading: Reading = {
    source,
    lines,
    resources: [],
    extras: [],
    images: 0,
    pullSecrets: new Map(),
    serviceAccounts: new Map(),
  };
  const problems = await readYaml(
    source,
    (document) =>
      addResources(
        document.root,
        new VisitBudget(document),
        reading,
        itemKind(textField(document.list, 'kind')),
      ),
    { lines, signal: options.signal, splitLists: true },
  );
  const uses: FoundUse[] = [];
  const workloads: FoundWorkload[] = [];
  for (const group of groupByOwner(reading.resources)) addGroup(group, reading, { uses, workloads });
  return {
    uses: reading.extras.flatMap((extra) => extra.uses).concat(uses),
    workloads: reading.extras.flatMap((extra) => extra.workloads).concat(workloads),
    problems: reading.extras.flatMap((extra) => extra.problems).concat(problems),
    pullSecrets: reading.pullSecrets,
    serviceAccounts: reading.serviceAccounts,
  };
}

/** `PodList` holds pods, whose own kind the API leaves out; a plain `List` says nothing. */
function itemKind(listKind = ''): string {
  return listKind.endsWith('List') ? listKind.slice(0, -'List'.length) : '';
}

/** Takes a document apart: one resource, a list of them, or lists in lists. */
function addResources(node: YamlNode, budget: VisitBudget, reading: Reading, listKind = ''): void {
  budget.spend(node, 0);
  if (node.kind === 'sequence') {
    for (const item of node.items) if (item.kind === 'mapping') addResources(item, budget, reading, listKind);
  }
  if (node.kind !== 'mapping') return;
  if (isKustomization(node, reading.source.path)) {
    reading.extras.push(kustomizationInventory(node, reading.source, reading.lines));
    return;
  }
  const kind = textField(node, 'kind') ?? listKind;
  if (kind === '') return;
  // OpenShift's Template holds its resources as `objects`.
  const items = field(node, kind === 'Template' ? 'objects' : 'items');
  if (items?.kind === 'sequence' && (kind.endsWith('List') || kind === 'Template')) {
    for (const item of itemsOf(items)) addResources(item, budget, reading, itemKind(kind));
  } else addResource(node, kind, budget, reading);
}

/** Kinds whose content is not what runs: texts for others, and schemas. */
const recordKinds: ReadonlySet<string> = new Set([
  'ConfigMap',
  'Secret',
  'CustomResourceDefinition',
  'ControllerRevision',
  'Event',
  'Node',
]);

function addResource(node: YamlMapping, kind: string, budget: VisitBudget, reading: Reading): void {
  addCredentials(node, kind, reading);
  if (recordKinds.has(kind)) return;
  const apiVersion = textField(node, 'apiVersion') ?? '';
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
  const { source, lines } = reading;
  const found = walkResource(node, group, { file: source.path, lines, budget });
  reading.images += found.images.length;
  if (reading.images > maxUsesPerFile)
    throw new YamlRefusal(`it holds more than ${maxUsesPerFile} images; the rest was not read`, node.offset);
  const described = describeResource(node, kind);
  // A resource without images still tells who owns whom, but only these three have owners that are followed.
  if (found.images.length === 0 && described.owner === undefined) return;
  reading.resources.push({
    ...ownTexts(described),
    images: found.images.map(ownImage),
    constraints: found.constraints,
    credentials: credentialsOf(found, described.namespace),
  });
}

function ownTexts(described: ResourceDescription): ResourceDescription {
  const { owner } = described;
  return {
    ...described,
    kind: ownText(described.kind),
    name: ownText(described.name),
    namespace: described.namespace === undefined ? undefined : ownText(described.namespace),
    owner: owner === undefined ? undefined : { kind: ownText(owner.kind), name: ownText(owner.name) },
  };
}

function ownImage(image: ResourceImage): ResourceImage {
  return {
    ...image,
    written: ownText(image.written),
    container: image.container === undefined ? undefined : ownText(image.container),
  };
}

function addGroup(
  group: Group,
  reading: Reading,
  found: { readonly uses: FoundUse[]; readonly workloads: FoundWorkload[] },
): void {
  const { source, lines } = reading;
  const constraints = new Map<string, FoundConstraint>();
  let hasImages = false;
  for (const resource of group.resources) {
    for (const image of resource.images)
      found.uses.push({ ...useOf(image, group.name, reading), ...resource.credentials });
    hasImages ||= resource.images.length > 0;
    for (const constraint of resource.constraints) {
      const key = `${constraint.kind} ${constraint.required} ${constraint.text}`;
      if (!constraints.has(key)) constraints.set(key, constraint);
    }
  }
  const first = group.resources[0];
  if (!hasImages || first === undefined) return;
  found.workloads.push({
    name: group.name,
    source: 'kubernetes',
    file: source.path,
    line: lines.at(first.offset).line,
    constraints: [...constraints.values()],
  });
}

function useOf(image: ResourceImage, workload: string, reading: Reading): FoundUse {
  return foundUse(image, {
    source: 'kubernetes',
    file: reading.source.path,
    ...reading.lines.at(image.offset),
    workload,
    ...(image.container === undefined ? {} : { container: image.container }),
    ...(image.guess ? { guess: true } : {}),
  });
}
