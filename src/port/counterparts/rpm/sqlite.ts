import { readFile, writeFile } from 'node:fs/promises';
import { messageOf } from '../../../core/index.ts';
import { PackagesError } from '../shared/packages/errors.ts';

/** SQLite as WebAssembly: loaded only where there is such a database. */
type Sqlite = typeof import('node-sqlite3-wasm');
export type SqliteDatabase = InstanceType<Sqlite['Database']>;

const magic = Buffer.from('SQLite format 3\0');
/** Bytes of the header that say how the file is written: 1 with a journal, 2 with a log beside it (SQLite, "Database File Format"). */
const [writeVersion, readVersion] = [18, 19];

/**
 * Works on a database in a file of this machine's, and gives what it returns and the bytes as they are then. What is in a
 * log beside the database isn't seen.
 * @throws PackagesError `PACKAGES_MALFORMED`.
 */
export async function withSqlite<T>(
  bytes: Uint8Array,
  file: string,
  work: (database: SqliteDatabase) => T,
): Promise<{ readonly result: T; readonly bytes: Uint8Array }> {
  const copy = Buffer.from(bytes);
  if (!copy.subarray(0, magic.length).equals(magic)) throw malformed('it is no SQLite database');
  const versions = [copy[writeVersion] ?? 1, copy[readVersion] ?? 1];
  copy[writeVersion] = copy[readVersion] = 1;
  await writeFile(file, copy, { flag: 'wx' });
  const { Database } = await loaded();
  try {
    const database = new Database(file, { fileMustExist: true });
    try {
      database.exec('PRAGMA trusted_schema = OFF; PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF;');
      checkSchema(database);
      const result = work(database);
      database.close();
      const after = await readFile(file);
      [after[writeVersion], after[readVersion]] = [versions[0] ?? 1, versions[1] ?? 1];
      return { result, bytes: after };
    } finally {
      if (database.isOpen) database.close();
    }
  } catch (error) {
    if (error instanceof PackagesError) throw error;
    throw malformed(messageOf(error), error);
  }
}

async function loaded(): Promise<Sqlite> {
  const found = await import('node-sqlite3-wasm');
  return 'default' in found ? (found.default as Sqlite) : found;
}

/** rpm makes tables and indexes; a view or trigger would be a program of somebody else's. */
function checkSchema(database: SqliteDatabase): void {
  const [strange] = database.all(
    "SELECT type, name FROM sqlite_master WHERE type NOT IN ('table', 'index') LIMIT 1",
  );
  const virtual = database.all("SELECT name FROM sqlite_master WHERE sql LIKE 'create virtual%' LIMIT 1");
  if (strange !== undefined || virtual.length > 0)
    throw malformed('it has other things than tables and indexes');
}

function malformed(problem: string, cause?: unknown): PackagesError {
  return new PackagesError('PACKAGES_MALFORMED', `the database is damaged: ${problem}`, { cause });
}
