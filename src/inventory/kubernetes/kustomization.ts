import type { Problem } from '../../results/index.ts';
import type { LineIndex } from '../line-index.ts';
import { ownText } from '../own-text.ts';
import { foundUse } from '../reference-text.ts';
import { baseName } from '../source-name.ts';
import type { FoundUse, Inventory, SourceText } from '../types.ts';
import { field, itemsOf, scalarField, textField, type YamlMapping, type YamlNode } from '../yaml/nodes.ts';

const name = 'Kustomization';

/** By its kind, or by its file's name alone: Kustomize lets both `apiVersion` and `kind` go. */
export function isKustomization(node: YamlMapping, path: string): boolean {
  const kind = textField(node, 'kind');
  if (kind !== undefined)
    return kind === name && (textField(node, 'apiVersion') ?? '').startsWith('kustomize.config.k8s.io/');
  return /^kustomization\.ya?ml$/.test(baseName(path));
}

/**
 * The images a kustomization puts in place of those in its bases, and a problem that says so: the bases, read by
 * themselves, name images that don't run.
 */
export function kustomizationInventory(node: YamlMapping, source: SourceText, lines: LineIndex): Inventory {
  const images = itemsOf(field(node, 'images')).filter((item) => changes(item));
  const uses = images.flatMap((item) => imageUse(item, source, lines));
  const [first] = images;
  if (first === undefined) return { uses, workloads: [], problems: [] };
  const problem: Problem = {
    file: source.path,
    ...lines.at(first.offset),
    message:
      'it changes the images of the files it lists; scan the output of `kubectl kustomize` to see what runs',
  };
  const workload = {
    name,
    source: 'kubernetes' as const,
    file: source.path,
    line: lines.at(node.offset).line,
    constraints: [],
  };
  return { uses, workloads: uses.length === 0 ? [] : [workload], problems: [problem] };
}

function changes(item: YamlNode): boolean {
  return ['newName', 'newTag', 'digest'].some((key) => scalarField(item, key) !== undefined);
}

function imageUse(item: YamlNode, source: SourceText, lines: LineIndex): FoundUse[] {
  const image = scalarField(item, 'newName') ?? scalarField(item, 'name');
  if (image === undefined) return [];
  const tag = textField(item, 'newTag');
  const digest = textField(item, 'digest');
  const suffix = digest === undefined ? (tag === undefined ? '' : `:${tag}`) : `@${digest}`;
  const unresolved =
    suffix === '' ? 'its tag is the one in the base; scan the output of `kubectl kustomize`' : undefined;
  return [
    foundUse(
      { written: ownText(`${image.value}${suffix}`), unresolved },
      { source: 'kubernetes', file: source.path, ...lines.at(image.offset), workload: name, guess: true },
    ),
  ];
}
