import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import { type Digest, DocumentError, type Platform, parseConfig } from '../../oci/index.ts';

/** Any value of JSON. Configs keep members that armload doesn't know, so most of them are only carried. */
export type Json = unknown;
export type JsonObject = Readonly<Record<string, Json>>;

/** A config, checked as far as it is merged. */
export interface ConfigDocument {
  readonly members: JsonObject;
  /** The member `config`; empty where there is none. */
  readonly run: JsonObject;
  readonly history: readonly JsonObject[];
  readonly diffIds: readonly Digest[];
  readonly platform?: Platform;
}

/** Nesting of a config: its own members end at 5. */
const maxDepth = 100;

const words = z.array(z.string()).nullish();
const map = z.record(z.string(), z.unknown()).nullish();
const schema = z.looseObject({
  created: z.string().nullish(),
  config: z
    .looseObject({
      Env: words,
      Entrypoint: words,
      Cmd: words,
      Shell: words,
      OnBuild: words,
      Labels: z.record(z.string(), z.string()).nullish(),
      ExposedPorts: map,
      Volumes: map,
      Healthcheck: z.looseObject({ Test: words }).nullish(),
      WorkingDir: z.string().nullish(),
      User: z.string().nullish(),
    })
    .nullish(),
  rootfs: z.looseObject({ diff_ids: z.array(z.string()).nullish() }).nullish(),
  history: z
    .array(z.looseObject({ comment: z.string().nullish(), empty_layer: z.boolean().nullish() }))
    .nullish(),
});

/** No config: what an absent base has. */
export const noDocument: ConfigDocument = { members: {}, run: {}, history: [], diffIds: [] };

/**
 * Reads a config for merging.
 * @param whose for messages: `the old base`.
 * @throws DocumentError `DOCUMENT_TOO_LARGE` or `DOCUMENT_MALFORMED`, saying whose config it is and which member.
 */
export function readDocument(bytes: Uint8Array, whose: string): ConfigDocument {
  checkDepth(bytes, whose);
  const { diffIds, platform } = parsed(bytes, whose);
  // What a schema gives back may lack "__proto__": the members are those of the parser.
  const members = JSON.parse(Buffer.from(bytes).toString('utf8')) as JsonObject;
  const checked = schema.safeParse(members);
  if (!checked.success) {
    const issue = checked.error.issues[0];
    const where = issue?.path.join('.') || 'the document';
    throw malformed(whose, `${where}: ${issue?.message ?? 'invalid'}`);
  }
  return {
    members,
    run: (members['config'] ?? {}) as JsonObject,
    history: (members['history'] ?? []) as readonly JsonObject[],
    diffIds,
    ...(platform === undefined ? {} : { platform }),
  };
}

function parsed(bytes: Uint8Array, whose: string) {
  try {
    return parseConfig(bytes);
  } catch (error) {
    if (!(error instanceof DocumentError)) throw error;
    throw new DocumentError(error.code, `the config of ${whose} can't be used: ${error.message}`, {
      cause: error,
    });
  }
}

/** Parsers take any depth, but what compares and writes the values goes down a call for each level. */
function checkDepth(bytes: Uint8Array, whose: string): void {
  let depth = 0;
  let inText = false;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (inText && byte === 0x5c) at += 1;
    else if (byte === 0x22) inText = !inText;
    else if (inText) continue;
    else if (byte === 0x7b || byte === 0x5b) depth += 1;
    else if (byte === 0x7d || byte === 0x5d) depth -= 1;
    if (depth > maxDepth) throw malformed(whose, `it is nested more than ${maxDepth} deep`);
  }
}

function malformed(whose: string, problem: string): DocumentError {
  return new DocumentError('DOCUMENT_MALFORMED', `the config of ${whose} is malformed: ${problem}`);
}

/** Go writes absent lists and maps as null, and leaves empty ones out: all the same to whoever reads the config. */
export function isEmpty(value: Json): boolean {
  if (value === undefined || value === null || value === '') return true;
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

export function isSame(left: Json, right: Json): boolean {
  return (isEmpty(left) && isEmpty(right)) || isDeepStrictEqual(left, right);
}

/** The value of an own member: a config may call one "constructor". */
export function memberOf(object: JsonObject, name: string): Json {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}
