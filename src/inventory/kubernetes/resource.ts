import type { FoundUse } from '../types.ts';
import { fieldAt, itemsOf, textField, type YamlMapping, type YamlNode } from '../yaml/nodes.ts';
import type { ImageText } from './image-object.ts';
import type { FoundConstraint } from './scheduling.ts';

/** An image in a resource. */
export interface ResourceImage extends ImageText {
  readonly container?: string | undefined;
  /** Only the field's name suggests an image. */
  readonly guess: boolean;
}

/** Names a resource within a file. */
export interface ResourceName {
  readonly kind: string;
  readonly name: string;
  readonly namespace: string | undefined;
}

/** What is kept of a resource once its document is gone. */
export interface Resource extends ResourceName {
  readonly offset: number;
  readonly owner: { readonly kind: string; readonly name: string } | undefined;
  /** A pod's `pod-template-hash` or `rollouts-pod-template-hash`, and which of them. */
  readonly templateHash: { readonly hash: string; readonly ownerKind: string } | undefined;
  /** A finished pod or job, or a replica set at zero: what ran, not what runs. */
  readonly history: boolean;
  readonly images: readonly ResourceImage[];
  readonly constraints: readonly FoundConstraint[];
  /** Keys of pull secrets, or of the service account that brings them. */
  readonly credentials: Pick<FoundUse, 'pullSecrets' | 'serviceAccount'>;
}

/** What a resource says of itself. */
export type ResourceDescription = Omit<Resource, 'images' | 'constraints' | 'credentials'>;

/** `Deployment shop/web`, or `Deployment web` where no namespace is given. */
export function workloadName({ kind, name, namespace }: ResourceName): string {
  return `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
}

/** Everything of a resource but its images and constraints. */
export function describeResource(node: YamlMapping, kind: string): ResourceDescription {
  const metadata = fieldAt(node, 'metadata');
  const generated = textField(metadata, 'generateName');
  return {
    kind,
    name: textField(metadata, 'name') ?? (generated === undefined ? '(no name)' : `${generated}*`),
    namespace: textField(metadata, 'namespace'),
    offset: node.offset,
    owner: ownerOf(metadata),
    templateHash: templateHashOf(metadata),
    history: isHistory(node, kind),
  };
}

/** The owner that controls it; other owners only tie its life to theirs. */
function ownerOf(metadata: YamlNode | undefined): Resource['owner'] {
  for (const reference of itemsOf(fieldAt(metadata, 'ownerReferences'))) {
    const [kind, name] = [textField(reference, 'kind'), textField(reference, 'name')];
    if (textField(reference, 'controller') === 'true' && kind !== undefined && name !== undefined)
      return { kind, name };
  }
  return undefined;
}

function templateHashOf(metadata: YamlNode | undefined): Resource['templateHash'] {
  const labels = fieldAt(metadata, 'labels');
  const deployment = textField(labels, 'pod-template-hash');
  if (deployment !== undefined) return { hash: deployment, ownerKind: 'Deployment' };
  const rollout = textField(labels, 'rollouts-pod-template-hash');
  return rollout === undefined ? undefined : { hash: rollout, ownerKind: 'Rollout' };
}

function isHistory(node: YamlMapping, kind: string): boolean {
  if (kind === 'Pod') return /^(?:Succeeded|Failed)$/.test(textField(fieldAt(node, 'status'), 'phase') ?? '');
  if (kind === 'ReplicaSet') return textField(fieldAt(node, 'spec'), 'replicas') === '0';
  if (kind === 'Job') return itemsOf(fieldAt(node, 'status', 'conditions')).some(isFinished);
  return false;
}

function isFinished(condition: YamlNode): boolean {
  const type = textField(condition, 'type');
  return (type === 'Complete' || type === 'Failed') && textField(condition, 'status') === 'True';
}
