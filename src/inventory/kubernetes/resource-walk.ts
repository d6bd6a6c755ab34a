import type { LineIndex } from '../line-index.ts';
import {
  field,
  itemsOf,
  scalarField,
  textField,
  type YamlEntry,
  type YamlMapping,
  type YamlNode,
} from '../yaml/nodes.ts';
import type { ParsedDocument } from '../yaml/parse.ts';
import { YamlRefusal } from '../yaml/tree-builder.ts';
import { guessedImage, isImageKey } from './image-object.ts';
import { secretNames } from './pull-secrets.ts';
import type { ResourceImage } from './resource.ts';
import { type FoundConstraint, nodeAffinityConstraints, nodeSelectorConstraints } from './scheduling.ts';

/** Visits beyond the nodes that are written, which only aliases can cause. */
const maxAliasVisits = 200_000;
/** Levels of a tree, aliases followed. */
const maxWalkDepth = 1_000;

const containerLists: ReadonlySet<string> = new Set(['containers', 'initContainers', 'ephemeralContainers']);

/** Lists and objects that hold containers in well-known custom resources, by API group. */
const containerFields: Readonly<Record<string, ReadonlySet<string>>> = {
  'tekton.dev': new Set(['steps', 'sidecars', 'stepTemplate']),
  'argoproj.io': new Set(['container', 'script', 'sidecars', 'initContainers']),
};

const noOperatorTag = 'no tag is given here: the operator that reads it chooses one';

/** What the walk of one resource found. */
export interface WalkResult {
  readonly images: ResourceImage[];
  readonly constraints: FoundConstraint[];
  /** Names of the pull secrets and service accounts of its pod specs. */
  readonly pullSecrets: string[];
  readonly serviceAccounts: string[];
}

interface WalkContext extends WalkResult {
  readonly file: string;
  readonly lines: LineIndex;
  readonly group: string;
  /** Guess images by the names of fields? Only where the resource is not Kubernetes' own. */
  readonly guesses: boolean;
  readonly budget: VisitBudget;
  /** Offsets of the texts found, since a guess may meet a container's own image again. */
  readonly seen: Set<number>;
}

/** Bounds the visits of a document's nodes, so that aliases of aliases can't multiply. */
export class VisitBudget {
  #left: number;

  constructor(document: Pick<ParsedDocument, 'nodeCount'>) {
    this.#left = document.nodeCount + maxAliasVisits;
  }

  spend(node: YamlNode, depth: number): void {
    if (depth > maxWalkDepth)
      throw new YamlRefusal(`its aliases nest deeper than ${maxWalkDepth} levels`, node.offset);
    if (this.#left-- <= 0)
      throw new YamlRefusal(`its aliases expand to more than ${maxAliasVisits} nodes`, node.offset);
  }
}

/** Finds the images and constraints of a resource, wherever in it pod specs are nested. */
export function walkResource(
  node: YamlMapping,
  group: string,
  options: { readonly file: string; readonly lines: LineIndex; readonly budget: VisitBudget },
): WalkResult {
  const context: WalkContext = {
    ...options,
    group,
    guesses: !isBuiltIn(group),
    images: [],
    constraints: [],
    pullSecrets: [],
    serviceAccounts: [],
    seen: new Set(),
  };
  for (const entry of node.entries) {
    // A status repeats images of the past, and a list of what a node has cached.
    if (entry.key !== 'status') visitEntry(entry, context, entry.key, 1);
  }
  const { images, constraints, pullSecrets, serviceAccounts } = context;
  return { images, constraints, pullSecrets, serviceAccounts };
}

const builtInGroups: ReadonlySet<string> = new Set([
  '',
  'apps',
  'batch',
  'extensions',
  'policy',
  'autoscaling',
]);

function isBuiltIn(group: string): boolean {
  return builtInGroups.has(group) || group.endsWith('.k8s.io');
}

function visit(node: YamlNode, context: WalkContext, path: string, depth: number): void {
  context.budget.spend(node, depth);
  if (node.kind === 'scalar') return;
  if (node.kind === 'sequence') {
    node.items.forEach((item, index) => {
      if (item.kind !== 'scalar') visit(item, context, `${path}[${index}]`, depth + 1);
    });
    return;
  }
  for (const entry of node.entries) visitEntry(entry, context, `${path}.${entry.key}`, depth + 1);
}

function visitEntry(entry: YamlEntry, context: WalkContext, path: string, depth: number): void {
  const { key, value } = entry;
  // Annotations repeat whole manifests; they are a record, not a use.
  if (key === 'metadata') return;
  if (isContainerField(key, context)) {
    for (const item of value.kind === 'sequence' ? value.items : [value]) addContainer(item, context, path);
  } else if (key === 'volumes') addImageVolumes(value, context);
  else if (key === 'imagePullSecrets') context.pullSecrets.push(...secretNames(value));
  else if (key === 'serviceAccountName' && value.kind === 'scalar') context.serviceAccounts.push(value.value);
  else if (key === 'nodeSelector') context.constraints.push(...nodeSelectorConstraints(value, context));
  else if (key === 'nodeAffinity') context.constraints.push(...nodeAffinityConstraints(value, context));
  else if (context.guesses && isImageKey(key)) addGuess(value, context, path);
  if (value.kind !== 'scalar') visit(value, context, path, depth);
}

function isContainerField(key: string, context: WalkContext): boolean {
  return containerLists.has(key) || containerFields[context.group]?.has(key) === true;
}

function addContainer(item: YamlNode, context: WalkContext, path: string): void {
  const image = scalarField(item, 'image');
  if (image === undefined) return;
  const container = textField(item, 'name') ?? (path.endsWith('s') ? undefined : path);
  context.seen.add(image.offset);
  context.images.push({
    written: image.value,
    unresolved: image.value.trim() === 'auto' ? autoImage : undefined,
    offset: image.offset,
    container,
    guess: false,
  });
}

/** Istio's gateways write this where the injecting webhook puts the proxy's image. */
const autoImage = 'a webhook puts the image in when the pod starts ("auto"); look at the running pods';

function addImageVolumes(volumes: YamlNode, context: WalkContext): void {
  for (const volume of itemsOf(volumes)) {
    const reference = scalarField(field(volume, 'image'), 'reference');
    if (reference === undefined) continue;
    const name = textField(volume, 'name');
    context.images.push({
      written: reference.value,
      offset: reference.offset,
      container: name === undefined ? undefined : `volume ${name}`,
      guess: false,
    });
  }
}

function addGuess(value: YamlNode, context: WalkContext, path: string): void {
  // A container's own image was found as such.
  const image = guessedImage(value, noOperatorTag);
  if (image === undefined || context.seen.has(image.offset)) return;
  context.seen.add(image.offset);
  context.images.push({ ...image, container: path, guess: true });
}
