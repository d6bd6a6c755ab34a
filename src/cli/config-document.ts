import { type Document, isMap, isNode, isScalar, LineCounter, parseDocument } from 'yaml';
import * as z from 'zod';
import { didYouMean, messageOf, UsageError } from '../core/index.ts';
import { parseRegistries, type RegistriesSettings } from '../registry/index.ts';
import { type ConfigValues, configSchema, trustedOnly } from './config-schema.ts';

/** The text of a configuration and where it is from. */
export interface ConfigText {
  readonly text: string;
  /** As shown to people. */
  readonly file: string;
  /** Named by the person, not merely found. */
  readonly trusted: boolean;
}

/** What a configuration holds. */
export interface ConfigContent {
  readonly values: Omit<ConfigValues, 'registries'>;
  readonly registries?: RegistriesSettings;
}

/** @throws UsageError `CONFIG` with the line of what is no YAML, unknown, wrong, or not to be trusted. */
export function parseConfigText({ text, file, trusted }: ConfigText): ConfigContent {
  const lines = new LineCounter();
  const source: Source = { file, lines, document: parseYaml(text, file, lines) };
  const value: unknown = toPlain(source) ?? {};
  const { registries, ...values } = checkValues(value, source);
  if (!trusted) refuseTrustedOnly(value, source);
  if (registries === undefined) return { values };
  return { values, registries: parseRegistries(registries, file) };
}

interface Source {
  readonly file: string;
  readonly document: Document.Parsed;
  readonly lines: LineCounter;
}

function parseYaml(text: string, file: string, lines: LineCounter): Document.Parsed {
  const document = parse(text, file, lines);
  const error = document.errors[0];
  if (error === undefined) return document;
  const line = lines.linePos(error.pos[0]).line;
  const sentence = error.message.split('\n')[0]?.replace(/ at line \d+, column \d+:?$/, '');
  throw new UsageError('CONFIG', `${file}:${line} is not valid YAML: ${sentence}`, { cause: error });
}

function parse(text: string, file: string, lines: LineCounter): Document.Parsed {
  try {
    return parseDocument(text, { lineCounter: lines });
  } catch (error) {
    // Nesting beyond the stack.
    throw new UsageError('CONFIG', `${file} is not valid YAML: ${messageOf(error)}`, { cause: error });
  }
}

function toPlain({ document, file }: Source): unknown {
  try {
    return document.toJS();
  } catch (error) {
    // Too many or unknown aliases.
    throw new UsageError('CONFIG', `${file} is not valid YAML: ${messageOf(error)}`, { cause: error });
  }
}

function checkValues(value: unknown, source: Source): ConfigValues {
  const result = configSchema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  if (issue?.code === 'unrecognized_keys') throw unknownKey(issue, source);
  const path = (issue?.path ?? []).map(String);
  const member = path.length === 0 ? 'the document' : `"${path.join('.')}"`;
  throw new UsageError(
    'CONFIG',
    `${placeOf(source, path)}: ${member} is wrong: ${issue?.message ?? 'invalid'}`,
  );
}

function unknownKey(issue: z.core.$ZodIssueUnrecognizedKeys, source: Source): UsageError {
  const path = issue.path.map(String);
  const key = issue.keys[0] ?? '';
  const known = knownKeys(path);
  return new UsageError(
    'CONFIG',
    `${placeOf(source, [...path, key])}: "${[...path, key].join('.')}" is no setting`,
    { hint: didYouMean(key, known) ?? `The settings there are: ${known.join(', ')}.` },
  );
}

/** The members that there can be at this place, as far as the schema tells. */
function knownKeys(path: readonly string[]): readonly string[] {
  let schema: unknown = configSchema;
  for (const key of path) schema = optionalInside(membersOf(schema)[key]);
  return Object.keys(membersOf(schema));
}

function optionalInside(schema: unknown): unknown {
  return schema instanceof z.ZodOptional ? schema.unwrap() : schema;
}

function membersOf(schema: unknown): Readonly<Record<string, unknown>> {
  return schema instanceof z.ZodObject ? schema.shape : {};
}

function refuseTrustedOnly(value: unknown, source: Source): void {
  const path = trustedOnly.find((member) => has(value, member));
  if (path === undefined) return;
  throw new UsageError(
    'CONFIG',
    `${placeOf(source, path)}: "${path.join('.')}" is not taken from a file that was merely found here, because it decides where credentials go, which answers and parts are believed, or what is run`,
    { hint: `If you trust this file, name it: --config ${source.file}` },
  );
}

function has(value: unknown, path: readonly string[]): boolean {
  let current = value;
  for (const key of path) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, key)) return false;
    current = (current as Record<string, unknown>)[key];
  }
  return true;
}

/** `armload.yaml:3`, the line of the member's key. */
function placeOf({ file, document, lines }: Source, path: readonly string[]): string {
  const parent = path.length <= 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  const pair = isMap(parent)
    ? parent.items.find(({ key }) => isScalar(key) && String(key.value) === path.at(-1))
    : undefined;
  const range = isNode(pair?.key) ? pair.key.range : undefined;
  return range ? `${file}:${lines.linePos(range[0]).line}` : file;
}
