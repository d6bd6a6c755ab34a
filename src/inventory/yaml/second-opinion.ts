import { type Document, isAlias, isMap, isScalar, isSeq, type ParsedNode, parseAllDocuments } from 'yaml';
import { maxYamlDepth, type ParsedDocument } from './parse.ts';
import { type NodeProperties, TreeBuilder, YamlRefusal } from './tree-builder.ts';

/**
 * Reads documents with the `yaml` package, for texts that js-yaml refuses and people's other tools take: a flow list
 * whose closing bracket stands at the parent's column. About ten times slower, so only asked when needed.
 * @throws YamlRefusal where it is no YAML for this parser either.
 */
export function parseYamlAgain(text: string, base: number): ParsedDocument[] {
  const documents = composed(text, base);
  return documents.flatMap((document) => {
    const [error] = document.errors;
    if (error !== undefined) throw new YamlRefusal(error.message, base + error.pos[0]);
    if (document.contents === null) return [];
    const builder = new TreeBuilder();
    const context = { builder, text, base, count: 0 };
    visit(document.contents, context, 0);
    const root = builder.takeRoot();
    return root === undefined ? [] : [{ root, nodeCount: context.count }];
  });
}

function composed(text: string, base: number): readonly Document.Parsed<ParsedNode>[] {
  try {
    const documents = parseAllDocuments(text, {
      schema: 'failsafe',
      uniqueKeys: false,
      prettyErrors: false,
      logLevel: 'silent',
    });
    return Array.isArray(documents) ? documents : [];
  } catch (error) {
    if (error instanceof RangeError) throw new YamlRefusal('it nests too deep', base);
    throw error;
  }
}

interface Context {
  readonly builder: TreeBuilder;
  readonly text: string;
  readonly base: number;
  count: number;
}

function visit(node: ParsedNode | null, context: Context, depth: number): void {
  const { builder, base } = context;
  context.count++;
  if (node === null) {
    builder.scalar('', true, base);
    return;
  }
  const offset = base + node.range[0];
  if (depth > maxYamlDepth) throw new YamlRefusal(`it nests deeper than ${maxYamlDepth} levels`, offset);
  if (isAlias(node)) {
    builder.alias(node.source, offset);
    return;
  }
  const properties: NodeProperties = { anchor: node.anchor, tag: node.tag };
  if (isScalar(node)) {
    const plain = node.type === 'PLAIN' || node.type === undefined;
    const value = typeof node.value === 'string' ? node.value : (node.source ?? '');
    builder.scalar(value, plain, base + textStart(node.range[0], node.type, context.text), properties);
    return;
  }
  if (isMap(node) && context.text.startsWith('{{', node.range[0])) {
    const template = context.text.slice(node.range[0], node.range[1]).trim();
    builder.scalar(template, false, offset, properties);
    return;
  }
  builder.open(isMap(node) ? 'mapping' : 'sequence', offset, properties);
  if (isSeq(node)) for (const item of node.items) visit(item, context, depth + 1);
  else if (isMap(node)) {
    for (const pair of node.items) {
      visit(pair.key, context, depth + 1);
      visit(pair.value, context, depth + 1);
    }
  }
  builder.close();
}

/** The range of a scalar starts at its quote or block header; the text after it. */
function textStart(start: number, type: string | undefined, text: string): number {
  if (type?.startsWith('QUOTE_')) return start + 1;
  if (type?.startsWith('BLOCK_') !== true) return start;
  let at = start + Math.max(text.slice(start).search(/[\r\n]/), 0);
  while (/\s/.test(text.charAt(at))) at++;
  return at;
}
