import { type Document, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import * as z from 'zod';
import { messageOf, nearestWord } from '../core/index.ts';
import { DocumentError, type DocumentProblem } from './errors.ts';

/** A document's text, and where it is from. */
export interface DocumentText {
  readonly text: string;
  /** As shown to people. */
  readonly file: string;
  /** Bytes; 1 MiB unless told. */
  readonly maxBytes?: number;
}

export type MemberPath = readonly (string | number)[];

/** What a document says, as its schema has it. */
export interface ReadDocument<T> {
  readonly value: T;
  readonly file: string;
  /** Of a member: its key's place, or that of the nearest member around it that has one. */
  readonly placeOf: (path: MemberPath) => { readonly line: number; readonly column: number } | undefined;
  /** For what a schema can't say: an error about a member, with its place. */
  error(problems: readonly { readonly path: MemberPath; readonly message: string }[]): DocumentError;
}

/** Aliases that may be followed, so that a few bytes can't stand for gigabytes. */
const maxAliases = 100;
const defaultMaxBytes = 1 << 20;

/**
 * Reads one YAML (or JSON) document and checks it against a schema. All that's wrong is said at once, with lines; unknown
 * members with the one that may be meant.
 * @throws DocumentError `DOCUMENT_MALFORMED` for what is no YAML or too large, `DOCUMENT_INVALID` for what the schema refuses.
 */
export function readDocument<Schema extends z.ZodType>(
  schema: Schema,
  { text, file, maxBytes = defaultMaxBytes }: DocumentText,
): ReadDocument<z.output<Schema>> {
  if (Buffer.byteLength(text) > maxBytes) throw malformed(file, `it is larger than ${maxBytes} bytes`);
  const source = parse(text, file);
  const result = schema.safeParse(plain(source));
  const placed = { file, placeOf: (path: MemberPath) => placeOf(source, path) };
  if (!result.success)
    throw invalid(
      result.error.issues.flatMap((issue) => problemsOf(issue, schema)),
      placed,
    );
  return { ...placed, value: result.data, error: (problems) => invalid(problems, placed) };
}

interface Source {
  readonly file: string;
  readonly document: Document.Parsed;
  readonly lines: LineCounter;
}

interface Placed {
  readonly file: string;
  readonly placeOf: (path: MemberPath) => { readonly line: number; readonly column: number } | undefined;
}

function parse(text: string, file: string): Source {
  const lines = new LineCounter();
  const document = parsed(text, file, lines);
  const error = document.errors[0];
  if (error === undefined) return { file, document, lines };
  const { line, col } = lines.linePos(error.pos[0]);
  const message = `not valid YAML: ${error.message.split('\n')[0]?.replace(/ at line \d+, column \d+:?$/, '')}`;
  throw new DocumentError('DOCUMENT_MALFORMED', file, {
    problems: [{ line, column: col, member: '', message }],
    cause: error,
  });
}

function parsed(text: string, file: string, lines: LineCounter): Document.Parsed {
  try {
    return parseDocument(text, { lineCounter: lines });
  } catch (error) {
    // Nesting beyond the stack.
    throw malformed(file, `not valid YAML: ${messageOf(error)}`, error);
  }
}

function plain({ document, file }: Source): unknown {
  try {
    return document.toJS({ maxAliasCount: maxAliases }) ?? {};
  } catch (error) {
    throw malformed(file, `not valid YAML: ${messageOf(error)}`, error);
  }
}

function malformed(file: string, message: string, cause?: unknown): DocumentError {
  return new DocumentError('DOCUMENT_MALFORMED', file, { problems: [{ member: '', message }], cause });
}

function invalid(
  problems: readonly { readonly path: MemberPath; readonly message: string }[],
  { file, placeOf: place }: Placed,
): DocumentError {
  const placed = problems.map(({ path, message }): DocumentProblem => {
    const at = place(path);
    return { ...(at && { line: at.line, column: at.column }), member: path.join('.'), message };
  });
  const ordered = placed.sort((left, right) => (left.line ?? 0) - (right.line ?? 0));
  return new DocumentError('DOCUMENT_INVALID', file, { problems: ordered });
}

function problemsOf(issue: z.core.$ZodIssue, schema: z.ZodType): { path: MemberPath; message: string }[] {
  const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(schema, path);
    return issue.keys.map((key) => ({ path: [...path, key], message: unknownKey([...path, key], known) }));
  }
  const best = issue.code === 'invalid_union' ? nearestBranch(issue) : undefined;
  if (best !== undefined)
    return best.flatMap((inner) => problemsOf({ ...inner, path: [...issue.path, ...inner.path] }, schema));
  // "Invalid key" says nothing; the key's own schema does.
  const said = issue.code === 'invalid_key' ? (issue.issues[0]?.message ?? issue.message) : issue.message;
  const member = path.length === 0 ? 'the document' : `"${path.join('.')}"`;
  return [{ path, message: `${member} is wrong: ${lowerFirst(said)}` }];
}

/** Of a union's branches, the one that was meant: what it complains of says more than "invalid input". */
function nearestBranch(issue: z.core.$ZodIssueInvalidUnion): readonly z.core.$ZodIssue[] | undefined {
  const ofItsKind = issue.errors.filter((branch) =>
    branch.every(({ path, code }) => path.length > 0 || code === 'unrecognized_keys'),
  );
  return ofItsKind.sort((left, right) => strangeness(left) - strangeness(right))[0];
}

/** Members that it doesn't know say most clearly that another branch was meant. */
function strangeness(branch: readonly z.core.$ZodIssue[]): number {
  const unknown = branch.flatMap((issue) => (issue.code === 'unrecognized_keys' ? issue.keys : []));
  return unknown.length * 1000 + branch.length;
}

function unknownKey(path: MemberPath, known: readonly string[]): string {
  const meant = nearestWord(String(path.at(-1)), known);
  const hint =
    meant !== undefined
      ? `; did you mean "${meant}"?`
      : known.length > 0
        ? `; there are ${known.join(', ')}`
        : '';
  return `"${path.join('.')}" is unknown${hint}`;
}

/** The members that there can be at this place, as far as the schema tells. */
function knownKeys(schema: z.ZodType, path: MemberPath): readonly string[] {
  let at: unknown = schema;
  for (const part of path) at = inside(at, part);
  const shape = unwrapped(at);
  return shape instanceof z.ZodObject ? Object.keys(shape.shape) : [];
}

function inside(schema: unknown, part: string | number): unknown {
  const at = unwrapped(schema);
  if (at instanceof z.ZodObject) return (at.shape as Record<string, unknown>)[String(part)];
  if (at instanceof z.ZodRecord) return at.valueType;
  if (at instanceof z.ZodArray) return at.element;
  return undefined;
}

function unwrapped(schema: unknown): unknown {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodReadonly)
    return unwrapped(schema.unwrap());
  if (schema instanceof z.ZodUnion)
    return schema.options.map(unwrapped).find((option) => option instanceof z.ZodObject);
  return schema instanceof z.ZodPipe ? unwrapped(schema.in) : schema;
}

function placeOf(
  { document, lines }: Source,
  path: MemberPath,
): { line: number; column: number } | undefined {
  for (let length = path.length; length > 0; length--) {
    const offset = offsetOf(document, path.slice(0, length));
    if (offset === undefined) continue;
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  }
  return undefined;
}

function offsetOf(document: Document.Parsed, path: MemberPath): number | undefined {
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  const last = path.at(-1);
  const node = isMap(parent)
    ? parent.items.find(({ key }) => isScalar(key) && String(key.value) === String(last))?.key
    : isSeq(parent)
      ? parent.items[Number(last)]
      : undefined;
  return isNode(node) ? node.range?.[0] : undefined;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
