import { EVENT_ID, type Event, getScalarValue, parseEvents, SCALAR_STYLE, YAMLException } from 'js-yaml';
import type { YamlNode } from './nodes.ts';
import { type NodeProperties, TreeBuilder, YamlRefusal } from './tree-builder.ts';

/** Nesting in one document. Custom resource schemas reach some dozens; the parser's stack is safe far above this. */
export const maxYamlDepth = 500;

/** Marks between nodes in one document: a parser needs some hundred bytes for each, and can't be stopped midway. */
const maxYamlMarks = 3_000_000;

/** Counts what stands between nodes: line ends, commas, colons, brackets. Never less than the nodes there are. */
export function countMarks(text: string): number {
  let count = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    // LF CR , - : ? [ {
    if (
      code === 10 ||
      code === 13 ||
      code === 44 ||
      code === 45 ||
      code === 58 ||
      code === 63 ||
      code === 91 ||
      code === 123
    )
      count++;
  }
  return count;
}

/** A document's tree and how many nodes were written to make it. */
export interface ParsedDocument {
  readonly root: YamlNode;
  readonly nodeCount: number;
  /** The list that this is an item of, without its items, where a long list was taken apart. */
  readonly list?: YamlNode;
}

type ScalarEvent = Extract<Event, { type: typeof EVENT_ID.SCALAR }>;
type CollectionEvent = Extract<Event, { type: typeof EVENT_ID.SEQUENCE | typeof EVENT_ID.MAPPING }>;

const blockStyles: ReadonlySet<number> = new Set([SCALAR_STYLE.LITERAL_BLOCK, SCALAR_STYLE.FOLDED_BLOCK]);

/**
 * Reads the documents of a text with js-yaml's event parser. `base` is added to all offsets.
 * @throws YamlRefusal where the text is no YAML.
 */
export function parseYaml(text: string, base: number): ParsedDocument[] {
  const events = eventsOf(text, base);
  const builder = new TreeBuilder();
  const documents: ParsedDocument[] = [];
  const openings: boolean[] = [];
  let documentStart = 0;
  for (let index = 0; index < events.length; index++) {
    const event = events[index];
    if (event === undefined) break;
    if (event.type === EVENT_ID.DOCUMENT) {
      openings.push(true);
      documentStart = index;
    } else if (event.type === EVENT_ID.POP) {
      if (openings.pop() !== true) builder.close();
      else {
        const root = builder.takeRoot();
        if (root !== undefined) documents.push({ root, nodeCount: index - documentStart });
      }
    } else if (event.type === EVENT_ID.SCALAR) addScalar(builder, text, event, base);
    else if (event.type === EVENT_ID.ALIAS)
      builder.alias(text.slice(event.anchorStart, event.anchorEnd), event.anchorStart + base);
    else if (event.type === EVENT_ID.MAPPING && text.startsWith('{{', event.start)) {
      addTemplate(builder, text, event.start, base);
      index = endOfCollection(events, index);
    } else {
      const kind = event.type === EVENT_ID.MAPPING ? 'mapping' : 'sequence';
      builder.open(kind, event.start + base, propertiesOf(text, event));
      openings.push(false);
    }
  }
  return documents;
}

function eventsOf(text: string, base: number): Event[] {
  if (text.length > maxYamlMarks && countMarks(text) > maxYamlMarks)
    throw new YamlRefusal(`one document of it may hold more than ${maxYamlMarks} nodes`, base);
  try {
    return parseEvents(text, { filename: '', maxDepth: maxYamlDepth });
  } catch (error) {
    if (error instanceof YAMLException)
      throw new YamlRefusal(error.reason, base + (error.mark?.position ?? 0));
    if (error instanceof RangeError) throw new YamlRefusal('it nests too deep', base);
    throw error;
  }
}

function propertiesOf(text: string, event: ScalarEvent | CollectionEvent): NodeProperties | undefined {
  if (event.anchorStart < 0 && event.tagStart < 0) return undefined;
  return {
    anchor: event.anchorStart < 0 ? undefined : text.slice(event.anchorStart, event.anchorEnd),
    tag: event.tagStart < 0 ? undefined : text.slice(event.tagStart, event.tagEnd),
  };
}

function addScalar(builder: TreeBuilder, text: string, event: ScalarEvent, base: number): void {
  const value = getScalarValue(text, event);
  const start = blockStyles.has(event.style) ? skipBlank(text, event.valueStart) : event.valueStart;
  builder.scalar(
    value,
    event.style === SCALAR_STYLE.PLAIN,
    Math.max(start, 0) + base,
    propertiesOf(text, event),
  );
}

/** A block scalar's range starts with its indentation; the text itself starts after that. */
function skipBlank(text: string, from: number): number {
  let at = from;
  while (/\s/.test(text.charAt(at))) at++;
  return at;
}

/** `{{ … }}` without quotes is YAML by accident (a mapping as the key of a mapping): it is meant as a text. */
function addTemplate(builder: TreeBuilder, text: string, start: number, base: number): void {
  const lineEnd = text.slice(start, start + 4096).search(/[\r\n]|$/);
  builder.scalar(text.slice(start, start + lineEnd).trim(), false, start + base);
}

function endOfCollection(events: readonly Event[], from: number): number {
  let depth = 0;
  for (let index = from; index < events.length; index++) {
    const type = events[index]?.type;
    if (type === EVENT_ID.POP) depth--;
    else if (type === EVENT_ID.MAPPING || type === EVENT_ID.SEQUENCE) depth++;
    if (depth === 0) return index;
  }
  return events.length;
}
