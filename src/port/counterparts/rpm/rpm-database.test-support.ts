import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sqlite from 'node-sqlite3-wasm';
import { file } from '../../../fixture/index.ts';
import type { TarMember } from '../../../tar/index.ts';
import { memberName, withFolders } from '../shared/packages/scene.test-support.ts';
import {
  type Field,
  filesOf,
  headerOf,
  type MadeRpm,
  mainFields,
  payloadOf,
  type RpmSpec,
} from './rpm.test-support.ts';

export interface InstallOptions {
  readonly path?: string;
  /** States of files, by path: 2 for what was left out. */
  readonly states?: Readonly<Record<string, number>>;
}

/** What rpm writes where it installs these: their files, and its database. */
export function installed(
  made: readonly MadeRpm[],
  { path = 'var/lib/rpm/rpmdb.sqlite', states = {} }: InstallOptions = {},
): readonly TarMember[] {
  const members = new Map<string, TarMember>();
  for (const { spec } of made)
    for (const one of withFolders(spec.files ?? []))
      if (states[memberName(one)] !== 2) members.set(memberName(one), one);
  for (const one of withFolders([file(path, databaseOf(made, states))])) members.set(memberName(one), one);
  return [...members.values()];
}

export const installTime = 1_700_000_123;

/** A package's header as a database has it. */
export function installedBlob(
  { spec, signature, header }: MadeRpm,
  states: InstallOptions['states'] = {},
): Buffer {
  const legacy: Readonly<Record<number, number>> = { 1000: 257, 1004: 261, 1007: 1046 };
  const own = mainFields(spec, payloadOf(spec));
  const listed = filesOf(spec).map(({ path }) => states[path] ?? 0);
  const more: readonly Field[] = [
    ...signature.map(([tag, kind, value]) => [legacy[tag] ?? tag, kind, value] as const),
    [1008, 'int32', installTime],
    ...(listed.length === 0 ? [] : ([[1029, 'char', Uint8Array.from(listed)]] as const)),
    [1127, 'int32', 0],
    [1128, 'int32', installTime],
  ];
  const blob = headerOf(
    63,
    own,
    [...more].sort(([left], [right]) => left - right),
  );
  if (!blob.includes(header.subarray(8 + 16 * own.length + 16))) throw new TypeError('the header changed');
  return blob;
}

const tables: Readonly<Record<string, (spec: RpmSpec) => readonly string[]>> = {
  Name: ({ name }) => [name],
  Basenames: (spec) => filesOf(spec).map(({ path }) => path.slice(path.lastIndexOf('/') + 1)),
  Requirename: ({ requires = [] }) => requires,
  Providename: ({ name, provides = [] }) => [name, ...provides],
};

function databaseOf(made: readonly MadeRpm[], states: Readonly<Record<string, number>>): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'armload-rpmdb-'));
  const path = join(folder, 'rpmdb.sqlite');
  const database = new sqlite.Database(path);
  database.exec('PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; BEGIN');
  database.exec("CREATE TABLE 'Packages' (hnum INTEGER PRIMARY KEY AUTOINCREMENT,blob BLOB NOT NULL)");
  for (const table of Object.keys(tables)) {
    database.exec(
      `CREATE TABLE '${table}' (key 'TEXT' NOT NULL, hnum INTEGER NOT NULL, idx INTEGER NOT NULL, FOREIGN KEY (hnum) REFERENCES 'Packages'(hnum))`,
    );
    database.exec(`CREATE INDEX '${table}_key_idx' ON '${table}'(key ASC)`);
  }
  for (const [at, one] of made.entries()) {
    database.run('INSERT INTO Packages VALUES (?, ?)', [at + 1, installedBlob(one, states)]);
    for (const [table, keysOf] of Object.entries(tables))
      for (const [idx, key] of keysOf(one.spec).entries())
        database.run(`INSERT INTO "${table}" VALUES (?, ?, ?)`, [key, at + 1, idx]);
  }
  database.exec('COMMIT');
  database.close();
  const bytes = readFileSync(path);
  rmSync(folder, { recursive: true });
  bytes[18] = bytes[19] = 2;
  return bytes;
}

/** The rows of a database's table, in the order of packages. */
export function rowsIn(bytes: Uint8Array, sql: string): readonly Record<string, unknown>[] {
  const folder = mkdtempSync(join(tmpdir(), 'armload-rpmdb-'));
  const path = join(folder, 'rpmdb.sqlite');
  const copy = Buffer.from(bytes);
  copy[18] = copy[19] = 1;
  writeFileSync(path, copy);
  const database = new sqlite.Database(path, { readOnly: true });
  try {
    return database.all(sql) as Record<string, unknown>[];
  } finally {
    database.close();
    rmSync(folder, { recursive: true });
  }
}
