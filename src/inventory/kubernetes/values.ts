import { LineIndex } from '../line-index.ts';
import { ownText } from '../own-text.ts';
import { foundUse } from '../reference-text.ts';
import { baseName, mayBeData } from '../source-name.ts';
import type { ExtractOptions, Extractor, FoundUse, FoundWorkload, Inventory, SourceText } from '../types.ts';
import {
  field,
  fieldAt,
  scalarField,
  textField,
  type YamlEntry,
  type YamlMapping,
  type YamlNode,
} from '../yaml/nodes.ts';
import { readYaml } from '../yaml/read.ts';
import { guessedImage, type ImageText, isImageKey, isNoImage } from './image-object.ts';
import { VisitBudget } from './resource-walk.ts';
import { type FoundConstraint, nodeAffinityConstraints, nodeSelectorConstraints } from './scheduling.ts';

const noChartTag = "the tag defaults to the chart's appVersion; render the chart with `helm template`";
const globalRegistry = 'global.imageRegistry may replace its registry; render the chart with `helm template`';

/**
 * Values of a Helm chart: the images under `image`-like keys, as one text or in parts. All are guesses, since only
 * the rendered chart says what runs. The workload is the path of keys that leads to the image.
 */
export const valuesExtractor: Extractor = { kind: 'kubernetes', recognizes, extract };

function recognizes(source: SourceText): boolean {
  const { path, text } = source;
  if (!mayBeData(path) || /^(?:apiVersion|kind|services)[ \t]*:/m.test(text)) return false;
  if (!/^[ \t]*["']?(?:image|\w{1,100}Image)["']?[ \t]*:/m.test(text)) return false;
  if (/^(?:.*[._-])?values(?:[._-].*)?\.ya?ml$/.test(baseName(path))) return true;
  return /^[ \t]+repository[ \t]*:/m.test(text) && /^[ \t]+(?:tag|digest|pullPolicy)[ \t]*:/m.test(text);
}

interface Context {
  readonly source: SourceText;
  readonly lines: LineIndex;
  readonly budget: VisitBudget;
  readonly hasGlobalRegistry: boolean;
  readonly uses: FoundUse[];
  readonly workloads: FoundWorkload[];
}

async function extract(source: SourceText, options: ExtractOptions): Promise<Inventory> {
  const lines = new LineIndex(source.text);
  const uses: FoundUse[] = [];
  const workloads: FoundWorkload[] = [];
  const problems = await readYaml(
    source,
    (document) => {
      const { root } = document;
      if (root.kind !== 'mapping') return;
      const registry = textField(fieldAt(root, 'global'), 'imageRegistry') ?? '';
      const hasGlobalRegistry = registry.trim() !== '';
      const budget = new VisitBudget(document);
      visit(root, [], { source, lines, budget, hasGlobalRegistry, uses, workloads });
    },
    { lines, signal: options.signal },
  );
  return { uses, workloads, problems };
}

function visit(node: YamlNode, path: readonly string[], context: Context): void {
  context.budget.spend(node, path.length);
  if (node.kind === 'sequence')
    node.items.forEach((item, index) => {
      if (item.kind !== 'scalar') visit(item, [...path, String(index)], context);
    });
  if (node.kind !== 'mapping') return;
  for (const entry of node.entries) {
    const entryPath = [...path, entry.key];
    if (isImageKey(entry.key)) addImage(entry, node, entryPath, context);
    if (entry.value.kind !== 'scalar') visit(entry.value, entryPath, context);
  }
}

function addImage(entry: YamlEntry, parent: YamlMapping, path: readonly string[], context: Context): void {
  const image = withTagBeside(entry, parent) ?? guessedImage(entry.value, noChartTag);
  if (image === undefined) return;
  const { source, lines } = context;
  const workload = ownText(`values ${path.join('.')}`);
  const unresolved = image.unresolved ?? (context.hasGlobalRegistry ? globalRegistry : undefined);
  context.uses.push(
    foundUse(
      { written: ownText(image.written), unresolved },
      { source: 'kubernetes', file: source.path, ...lines.at(image.offset), workload, guess: true },
    ),
  );
  context.workloads.push({
    name: workload,
    source: 'kubernetes',
    file: source.path,
    line: lines.at(image.offset).line,
    constraints: constraintsBeside(parent, context),
  });
}

/** Older charts write `image: nginx` with `imageTag: "1.27"` or `tag: "1.27"` beside it. */
function withTagBeside({ key, value }: YamlEntry, parent: YamlMapping): ImageText | undefined {
  if (value.kind !== 'scalar' || isNoImage(value) || /[@:][^/]*$/.test(value.value)) return undefined;
  const tag = scalarField(parent, `${key}Tag`) ?? scalarField(parent, 'tag');
  if (tag === undefined) return undefined;
  const text = tag.value.trim();
  const written = text === '' ? value.value : `${value.value}:${text}`;
  return { written, offset: value.offset, unresolved: text === '' ? noChartTag : undefined };
}

function constraintsBeside(parent: YamlMapping, context: Context): FoundConstraint[] {
  const place = { file: context.source.path, lines: context.lines };
  const selector = field(parent, 'nodeSelector');
  const affinity = fieldAt(parent, 'affinity', 'nodeAffinity');
  return [
    ...(selector === undefined ? [] : nodeSelectorConstraints(selector, place)),
    ...(affinity === undefined ? [] : nodeAffinityConstraints(affinity, place)),
  ];
}
