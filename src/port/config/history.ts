import { type ConfigDocument, isSame, type JsonObject } from './documents.ts';
import type { OwnLayer } from './types.ts';

interface HistoryParts {
  readonly oldBase: ConfigDocument;
  readonly app: ConfigDocument;
  readonly newBase: ConfigDocument;
  readonly layers: readonly OwnLayer[];
  readonly created: string | undefined;
}

type Entries = readonly JsonObject[];

/**
 * The new base's history, then the image's own, with a word on each layer that is not as it was. It counts as many layers
 * as there are (image-spec config.md, `history`): where the image's doesn't, entries are made up for its layers.
 */
export function mergeHistory(parts: HistoryParts): Entries {
  const { oldBase, app, newBase, layers, created } = parts;
  const own = ownEntries(oldBase, app);
  if (own === undefined) return [...newBase.history, ...layers.map((layer) => madeUp(layer, created))];
  const result: JsonObject[] = [];
  const todo = [...layers].reverse();
  let original = 0;
  for (const entry of own) {
    if (isOfNoLayer(entry)) {
      result.push(entry);
      continue;
    }
    while (isBefore(todo.at(-1), original)) result.push(...addedOf(todo.pop(), created));
    const isThere = todo.at(-1)?.original === original;
    result.push(isThere ? commented(entry, todo.pop()?.comment) : leftOut(entry));
    original += 1;
  }
  for (let layer = todo.pop(); layer !== undefined; layer = todo.pop()) result.push(madeUp(layer, created));
  return [...newBase.history, ...result];
}

function isBefore(layer: OwnLayer | undefined, original: number): boolean {
  return layer !== undefined && (layer.original === undefined || layer.original < original);
}

function addedOf(layer: OwnLayer | undefined, created: string | undefined): Entries {
  return layer === undefined ? [] : [madeUp(layer, created)];
}

/** What the image's history has after its base's; `undefined` where histories don't count their layers. */
function ownEntries(oldBase: ConfigDocument, app: ConfigDocument): Entries | undefined {
  if (countLayers(app.history) !== app.diffIds.length) return undefined;
  let common = 0;
  while (
    common < Math.min(oldBase.history.length, app.history.length) &&
    isSame(oldBase.history[common], app.history[common])
  )
    common += 1;
  if (countLayers(app.history.slice(0, common)) === oldBase.diffIds.length) return app.history.slice(common);
  return app.history.slice(endOfLayers(app.history, oldBase.diffIds.length));
}

/** Where the entries of that many layers end. */
function endOfLayers(entries: Entries, count: number): number {
  let seen = 0;
  for (const [index, entry] of entries.entries()) {
    if (seen === count) return index;
    if (!isOfNoLayer(entry)) seen += 1;
  }
  return entries.length;
}

function countLayers(entries: Entries): number {
  return entries.filter((entry) => !isOfNoLayer(entry)).length;
}

function isOfNoLayer(entry: JsonObject): boolean {
  return entry['empty_layer'] === true;
}

function commented(entry: JsonObject, comment: string | undefined): JsonObject {
  if (comment === undefined) return entry;
  const said = typeof entry['comment'] === 'string' ? entry['comment'] : '';
  return { ...entry, comment: said === '' ? comment : `${said}; ${comment}` };
}

function leftOut(entry: JsonObject): JsonObject {
  return { ...commented(entry, 'armload: left out'), empty_layer: true };
}

function madeUp({ comment, original }: OwnLayer, created: string | undefined): JsonObject {
  const said = original === undefined ? 'armload: added' : 'a layer without history';
  return {
    ...(created === undefined ? {} : { created }),
    created_by: 'armload port',
    comment: comment ?? said,
  };
}
