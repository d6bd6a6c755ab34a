import { parseJson } from '../manifest.ts';
import type { VersionRecord } from '../registry/index.ts';

const maxBytes = 16 * 1024 ** 2;

/** A package that goes, by its key: its path from the folder that `node_modules` is in. Another may take its place. */
export interface LockChange {
  readonly from: string;
  readonly to?: { readonly key: string; readonly record: VersionRecord };
}

type Document = Readonly<Record<string, unknown>>;

/**
 * npm's record of what is installed (`node_modules/.package-lock.json`), with other packages in the places of some, as npm
 * would have written it: sorted, with the indentation and the end of line that it has. `undefined` where it is no such
 * record, or says nothing of them.
 */
export function changedLock(bytes: Uint8Array, changes: readonly LockChange[]): Uint8Array | undefined {
  const document = parseJson(bytes, maxBytes);
  if (!isDocument(document) || !isDocument(document['packages'])) return undefined;
  const entries = new Map(Object.entries(document['packages']));
  let isChanged = false;
  for (const { from, to } of changes) {
    const old = entries.get(from);
    if (!isDocument(old)) continue;
    entries.delete(from);
    if (to !== undefined) entries.set(to.key, entryOf(old, to.record));
    isChanged = true;
  }
  if (!isChanged) return undefined;
  const packages = Object.fromEntries(
    [...entries].sort(([left], [right]) => left.localeCompare(right, 'en')),
  );
  const text = Buffer.from(bytes).toString('utf8');
  const indent = /^([ \t]+)"/m.exec(text)?.[1] ?? '  ';
  const end = /\r?\n$/.exec(text)?.[0] ?? '';
  return Buffer.from(`${JSON.stringify({ ...document, packages }, null, indent)}${end}`);
}

function isDocument(value: unknown): value is Document {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Members of the registry's that npm copies, where they are there. */
const copied = ['license', 'engines', 'funding', 'dependencies', 'optionalDependencies', 'bin'] as const;

function entryOf(old: Document, record: VersionRecord): Document {
  const own: Record<string, unknown> = { ...old, version: record.version };
  for (const key of ['os', 'cpu', 'libc', ...copied] as const) {
    const value = record.written[key];
    if (value === undefined || value === null) delete own[key];
    else own[key] = value;
  }
  const { integrity, tarball } = record.dist;
  if (integrity === undefined) delete own['integrity'];
  else own['integrity'] = integrity;
  if ('resolved' in old) own['resolved'] = tarball;
  // Of the package that was there before alone.
  for (const key of ['name', 'peerDependencies', 'peerDependenciesMeta', 'hasInstallScript']) delete own[key];
  return own;
}
