import type { Problem } from '../../results/index.ts';
import { defaultLimits, maxProblemsPerFile } from '../limits.ts';
import type { LineIndex } from '../line-index.ts';
import type { SourceText } from '../types.ts';
import type { YamlNode } from './nodes.ts';
import { countMarks, type ParsedDocument, parseYaml } from './parse.ts';
import { type Chunk, splitDocuments } from './split.ts';
import { splitList, splitListLength } from './split-list.ts';
import { YamlRefusal } from './tree-builder.ts';

/** Size of a document that the slow second parser may be asked about: it needs a kilobyte for each node. */
const maxSecondOpinion = { length: 512 * 1024, marks: 100_000 };

const helmTemplateMessage =
  'it holds {{ … }} and looks like a Helm template; render it first with `helm template` and scan the output';

/** Documents between two looks at the abort signal. */
const documentsPerTurn = 500;

export interface ReadYamlOptions {
  readonly signal?: AbortSignal | undefined;
  readonly lines: LineIndex;
  readonly maxDocuments?: number;
  /** Visit the items of a long list one by one, each with its `list`. */
  readonly splitLists?: boolean;
}

/**
 * Calls `visit` for each document of a YAML or JSON text, one at a time, and returns what is wrong with the others.
 * A refused document doesn't end the reading: the next `---` starts afresh. `visit` may throw YamlRefusal too.
 */
export async function readYaml(
  source: SourceText,
  visit: (document: ParsedDocument) => void,
  options: ReadYamlOptions,
): Promise<Problem[]> {
  const problems = new ProblemList(source, options.lines);
  let count = 0;
  for (const document of splitDocuments(source.text)) {
    for await (const part of partsOf(source.text, document, options)) {
      if (++count > (options.maxDocuments ?? defaultLimits.maxDocuments)) {
        problems.add(`it holds more than ${count - 1} documents; the rest was not read`, part.start);
        return problems.list();
      }
      if (count % documentsPerTurn === 0) await turn(options.signal);
      await readPart(source.text, part, { visit, problems });
    }
  }
  return problems.list();
}

interface Part extends Chunk {
  readonly list?: YamlNode;
}

/** A document, or the items of one that is a long list. */
async function* partsOf(text: string, document: Chunk, options: ReadYamlOptions): AsyncGenerator<Part> {
  const { start, end } = document;
  const isLong = options.splitLists === true && end - start >= splitListLength;
  const split = isLong ? splitList(text.slice(start, end)) : undefined;
  const list = split === undefined ? undefined : await headerOf(split.header);
  if (split === undefined || list === undefined) yield document;
  else for (const item of split.items) yield { start: start + item.start, end: start + item.end, list };
}

async function headerOf(text: string): Promise<YamlNode | undefined> {
  try {
    const documents = await parseWithSecondOpinion(text, 0);
    return documents.length === 1 ? documents[0]?.root : undefined;
  } catch (error) {
    // The document as a whole then says what is wrong, and where.
    if (error instanceof YamlRefusal) return undefined;
    throw error;
  }
}

async function readPart(
  text: string,
  { start, end, list }: Part,
  to: { readonly visit: (document: ParsedDocument) => void; readonly problems: ProblemList },
): Promise<void> {
  const chunk = text.slice(start, end);
  try {
    for (const document of await parseWithSecondOpinion(chunk, start))
      to.visit(list === undefined ? document : { ...document, list });
  } catch (error) {
    if (!(error instanceof YamlRefusal)) throw error;
    to.problems.refuse(error, chunk.includes('{{'));
  }
}

async function turn(signal: AbortSignal | undefined): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  signal?.throwIfAborted();
}

async function parseWithSecondOpinion(chunk: string, base: number): Promise<readonly ParsedDocument[]> {
  try {
    return parseYaml(chunk, base);
  } catch (refusal) {
    if (!(refusal instanceof YamlRefusal) || chunk.length > maxSecondOpinion.length) throw refusal;
    if (countMarks(chunk) > maxSecondOpinion.marks) throw refusal;
    if (/nest|alias|merge keys/.test(refusal.message)) throw refusal;
    // Loaded here only: few files need it, and it costs a twentieth of a second.
    const { parseYamlAgain } = await import('./second-opinion.ts');
    try {
      return parseYamlAgain(chunk, base);
    } catch (second) {
      throw second instanceof YamlRefusal ? refusal : second;
    }
  }
}

/** Collects a file's problems, so that a broken file doesn't flood the report. */
class ProblemList {
  readonly #source: SourceText;
  readonly #lines: LineIndex;
  readonly #problems: Problem[] = [];
  #left = 0;
  #saidTemplate = false;

  constructor(source: SourceText, lines: LineIndex) {
    this.#source = source;
    this.#lines = lines;
  }

  add(message: string, offset: number): void {
    if (this.#problems.length >= maxProblemsPerFile) this.#left++;
    else this.#problems.push({ file: this.#source.path, ...this.#lines.at(offset), message });
  }

  /** A template's documents are all broken in the same way: said once a file. */
  refuse(refusal: YamlRefusal, hasTemplate: boolean): void {
    if (hasTemplate && this.#saidTemplate) return;
    this.#saidTemplate ||= hasTemplate;
    const advice = hasTemplate ? `; ${helmTemplateMessage}` : '';
    this.add(`not valid YAML: ${refusal.message}${advice}`, refusal.offset);
  }

  list(): Problem[] {
    if (this.#left === 0) return this.#problems;
    const message = `${this.#left} more documents of this file could not be read`;
    return [...this.#problems, { file: this.#source.path, message }];
  }
}
