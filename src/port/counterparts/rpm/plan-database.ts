import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { NewState } from '../shared/packages/manager.ts';
import type { FileParts } from '../shared/replay/file-parts.ts';
import { madeContent } from '../shared/replay/made-content.ts';
import type { RpmDatabase, RpmPackage } from './database.ts';
import type { FetchedRpm } from './fetched.ts';
import { RpmHeader } from './header.ts';
import { indexRows, indexTables } from './index-tables.ts';
import { installedHeader, newStates } from './installed-header.ts';
import { type SqliteDatabase, withSqlite } from './sqlite.ts';

export type RpmState = NewState<RpmPackage, FetchedRpm>;

/** What becomes of a row: another header under the same number, or none. */
interface Change {
  readonly number: number;
  readonly header: Uint8Array | undefined;
}

/** Rewrites rpm's database for the new architecture's packages, where it's above the base. */
export async function planDatabase(
  { draft }: FileParts,
  state: RpmState,
  { path, bytes, packages, folder }: RpmDatabase & { readonly folder: string },
): Promise<void> {
  const there = draft.image.view.lookup(path);
  if (there?.entry.kind !== 'file' || !draft.isOpen(there)) return;
  const changes: Change[] = [...state.standings].flatMap(([installed, standing]): readonly Change[] => {
    const { number } = installed;
    if (standing.kind === 'replayed') return [{ number, header: headerOf(standing.by.stored, installed) }];
    if (standing.kind === 'gone') return [{ number, header: undefined }];
    if (standing.kind !== 'base') return [];
    const { blob } = standing.sibling.header;
    return Buffer.compare(blob, installed.header.blob) === 0 ? [] : [{ number, header: blob }];
  });
  const last = packages.reduce((most, { number }) => Math.max(most, number), 0);
  const more = [
    ...state.ofBase.map(({ header }) => header.blob),
    ...state.extra.map((stored) => headerOf(stored, undefined)),
  ];
  for (const [at, header] of more.entries()) changes.push({ number: last + 1 + at, header });
  if (changes.length === 0) return;
  const { bytes: after } = await withSqlite(bytes, join(folder, randomUUID()), (database) =>
    applyAll(database, changes),
  );
  const content = madeContent(after, 'regenerated');
  draft.plan(path, {
    action: 'replace',
    with: { kind: 'file', ...content },
    why: "rpm's record of the packages of the new image",
  });
}

function headerOf({ rpm, listed }: FetchedRpm, old: RpmPackage | undefined): Uint8Array {
  const { header, signature } = rpm;
  return installedHeader({
    ...{ header, signature, old: old?.header },
    states: newStates(listed, old?.listed ?? []),
  });
}

function applyAll(database: SqliteDatabase, changes: readonly Change[]): void {
  const tables = database
    .all("SELECT name FROM sqlite_master WHERE type = 'table'")
    .flatMap(({ name }) => (typeof name === 'string' && indexTables[name] !== undefined ? [name] : []));
  database.exec('BEGIN');
  for (const { number, header } of changes) {
    for (const table of tables) database.run(`DELETE FROM "${table}" WHERE hnum = ?`, [number]);
    if (header === undefined) {
      database.run('DELETE FROM Packages WHERE hnum = ?', [number]);
      continue;
    }
    database.run(
      'INSERT INTO Packages (hnum, blob) VALUES (?, ?) ON CONFLICT (hnum) DO UPDATE SET blob = excluded.blob',
      [number, header],
    );
    const read = RpmHeader.read(header, `package ${number}`);
    for (const table of tables) insertRows(database, table, { number, header: read });
  }
  database.exec('COMMIT');
}

function insertRows(
  database: SqliteDatabase,
  table: string,
  { number, header }: { readonly number: number; readonly header: RpmHeader },
): void {
  const statement = database.prepare(`INSERT INTO "${table}" (key, hnum, idx) VALUES (?, ?, ?)`);
  try {
    for (const { key, at } of indexRows(header, indexTables[table] ?? 0)) statement.run([key, number, at]);
  } finally {
    statement.finalize();
  }
}
