import { DocumentError, normalizePlatform } from '../../oci/index.ts';
import { architectureWords } from './architecture-words.ts';
import {
  type ConfigDocument,
  isEmpty,
  isSame,
  type Json,
  type JsonObject,
  memberOf,
  noDocument,
  readDocument,
} from './documents.ts';
import { mergeEnvironment } from './environment.ts';
import { mergeHistory } from './history.ts';
import { mergeLabels } from './labels.ts';
import { type Adapted, decide, type Merging, mapText, mergeNamed, mergeValue, type Three } from './merge.ts';
import { pathMapper } from './paths.ts';
import type { ConfigMerge, MergeConfigInput } from './types.ts';

/** No registry takes a config above 4 MiB for sure (distribution-spec, "Pushing Manifests"). */
const maxBytes = 4 * 1024 * 1024;
/** BuildKit's inline cache names layers by their places: it would hand the old architecture's steps to new builds. */
const inlineCache = 'moby.buildkit.cache.v0';

interface Documents {
  readonly old: ConfigDocument;
  readonly app: ConfigDocument;
  readonly base: ConfigDocument;
}

/**
 * Merges configs as a text merge does with files: per member, and per name for variables, labels, ports and volumes. What
 * the image left as its old base had it becomes the new base's; what it changed is kept, with the architecture in its
 * paths respelled where only the respelled path is there. Members that armload doesn't know take part like the others.
 * @throws DocumentError for a config that is too large or malformed, saying whose; TypeError where one base is missing.
 */
export function mergeConfig(input: MergeConfigInput): ConfigMerge {
  const documents = readDocuments(input);
  const merging = mergingOf(input, documents);
  const members = Object.fromEntries(
    keysOf(documents.app.members, documents.base.members).flatMap((key): [string, Json][] => {
      const value = mergeMember(merging, key, { input, documents });
      return value === undefined ? [] : [[key, value]];
    }),
  );
  const bytes = Buffer.from(JSON.stringify(members));
  if (bytes.length > maxBytes) {
    const text = `the new config would have ${bytes.length} bytes, over the limit of ${maxBytes}`;
    throw new DocumentError('DOCUMENT_TOO_LARGE', text);
  }
  return { bytes, decisions: merging.decisions, problems: merging.problems };
}

function readDocuments({ oldBase, app, newBase }: MergeConfigInput): Documents {
  if ((oldBase === undefined) !== (newBase === undefined))
    throw new TypeError('a merge takes the old and the new base, or neither');
  return {
    old: oldBase === undefined ? noDocument : readDocument(oldBase, 'the old base'),
    app: readDocument(app, 'the image'),
    base: newBase === undefined ? noDocument : readDocument(newBase, 'the new base'),
  };
}

function mergingOf(input: MergeConfigInput, { app, base }: Documents): Merging {
  const { view, originalView, platform } = input;
  const words = architectureWords(app.platform?.architecture, platform.architecture);
  const volumes = [app, base].flatMap(({ run }) =>
    Object.keys((memberOf(run, 'Volumes') ?? {}) as JsonObject),
  );
  return {
    hasBase: input.newBase !== undefined,
    words,
    paths: pathMapper({ view, originalView, words, volumes }),
    decisions: [],
    problems: [],
  };
}

/** The members that every new config has, even if no document names them. */
const ownKeys = ['created', 'architecture', 'os', 'variant', 'config', 'rootfs', 'history'];

/** The image's order, then what only the new base has. */
function keysOf(app: JsonObject, base: JsonObject): readonly string[] {
  return [...new Set([...Object.keys(app), ...Object.keys(base), ...ownKeys])];
}

interface Way {
  readonly input: MergeConfigInput;
  readonly documents: Documents;
}

function mergeMember(merging: Merging, key: string, { input, documents }: Way): Json {
  const three = threeOf(documents, 'members', key);
  const platform = normalizePlatform(input.platform);
  switch (key) {
    case 'architecture':
    case 'os':
    case 'variant':
      return set(merging, key, platform[key]);
    case 'created':
      if (input.created !== undefined) return set(merging, key, input.created);
      return mergeValue(merging, key, { three, adapt: asIs });
    case 'config':
      return mergeRun(merging, { input, documents });
    case 'rootfs':
      return mergeLayers(input, documents);
    case 'history':
      return historyOf(input, documents);
    case inlineCache:
      if (isSame(three.app, three.old)) return three.base;
      return removed(merging, key, 'it leads builds to layers of the old architecture');
    default:
      return mergeValue(merging, key, { three, adapt: asIs });
  }
}

function threeOf(documents: Documents, part: 'members' | 'run', key: string): Three<Json> {
  const { old, app, base } = documents;
  return { old: memberOf(old[part], key), app: memberOf(app[part], key), base: memberOf(base[part], key) };
}

function set(merging: Merging, key: string, value: string | undefined): string | undefined {
  if (value !== undefined) decide(merging, key, 'set', `it is ${value}`);
  return value;
}

function removed(merging: Merging, key: string, why: string): undefined {
  decide(merging, key, 'removed', why);
  return undefined;
}

function asIs<Value>(_member: string, value: Value): Adapted<Value> {
  return { value };
}

function mergeLayers({ layers }: MergeConfigInput, { app, base }: Documents): Json {
  const said = (memberOf(app.members, 'rootfs') ?? {}) as JsonObject;
  return { ...said, type: 'layers', diff_ids: [...base.diffIds, ...layers.map(({ diffId }) => diffId)] };
}

function historyOf({ layers, created }: MergeConfigInput, { old, app, base }: Documents): Json {
  const said = created ?? memberOf(app.members, 'created');
  const time = typeof said === 'string' ? said : undefined;
  const history = mergeHistory({ oldBase: old, app, newBase: base, layers, created: time });
  return history.length === 0 ? memberOf(base.members, 'history') : history;
}

function mergeRun(merging: Merging, { input, documents }: Way): Json {
  const { app, base } = documents;
  const keys = [...new Set([...Object.keys(app.run), ...Object.keys(base.run)])];
  const pairs = keys.flatMap((key): [string, Json][] => {
    const value = mergeSetting(merging, key, { input, documents });
    return value === undefined ? [] : [[key, value]];
  });
  if (pairs.length > 0) return Object.fromEntries(pairs);
  const raw = memberOf((merging.hasBase ? base : app).members, 'config');
  return isEmpty(raw) ? raw : {};
}

/** One member of `config`. */
function mergeSetting(merging: Merging, key: string, { input, documents }: Way): Json {
  const three = threeOf(documents, 'run', key);
  const member = `config.${key}`;
  if (isSame(three.app, three.old)) return mergeValue(merging, member, { three, adapt: asIs });
  switch (key) {
    case 'Env':
      return listOr(three, mergeEnvironment(merging, three as Three<readonly string[]>));
    case 'Labels':
      return objectOr(
        three,
        mergeLabels(merging, mapsOf(three) as Three<Map<string, string>>, input.baseDigest),
      );
    case 'ExposedPorts':
    case 'Volumes':
      return objectOr(three, mergeNamed(merging, member, { three: mapsOf(three), adapt: asIs }));
    case 'Entrypoint':
    case 'Cmd':
    case 'Shell':
    case 'OnBuild':
    case 'Healthcheck':
    case 'WorkingDir':
      return mergeValue(merging, member, {
        three,
        adapt: (at, value) => ({ value: mapTexts(merging, at, value) }),
      });
    default:
      return mergeValue(merging, member, { three, adapt: asIs });
  }
}

/** Empty and absent are the same to readers; the documents' own way of saying it is kept. */
function listOr({ app, base }: Three<Json>, merged: readonly string[]): Json {
  return merged.length > 0 ? merged : isEmpty(base) ? base : app;
}

function objectOr({ app, base }: Three<Json>, merged: ReadonlyMap<string, Json>): Json {
  if (merged.size > 0) return Object.fromEntries(merged);
  return isEmpty(base) ? base : isEmpty(app) ? app : {};
}

function mapsOf({ old, app, base }: Three<Json>): Three<Map<string, Json>> {
  const map = (value: Json) => new Map(Object.entries((value ?? {}) as JsonObject));
  return { old: map(old), app: map(app), base: map(base) };
}

/** Maps the texts of a value: of a list, of an object's lists, or the value itself. */
function mapTexts(merging: Merging, member: string, value: Json): Json {
  // A working directory that isn't there is made when a container starts.
  if (member === 'config.WorkingDir') return merging.paths.map(value as string).text;
  if (typeof value === 'string') return mapText(merging, member, value);
  if (Array.isArray(value)) return value.map((item) => mapTexts(merging, member, item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, mapTexts(merging, member, item)]),
  );
}
