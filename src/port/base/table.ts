import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { ArmloadError, type Clock, messageOf, systemClock, UsageError } from '../../core/index.ts';
import { formatPlatform, parseReference, type Reference } from '../../oci/index.ts';
import { type CallOptions, type ImageAccess, RegistryError } from '../../registry/index.ts';
import { type BaseRecord, formatBaseRecords, parseBaseRecords } from './knowledge.ts';
import { recordsOfIndex } from './record-index.ts';

/** Bytes of a table. */
const maxTableBytes = 64 * 1024 * 1024;

/** A reference that could not be recorded. */
export interface BaseTableProblem {
  /** As written. */
  readonly reference: string;
  readonly why: string;
  /** It could not be reached, so it may be one all the same. */
  readonly undetermined: boolean;
}

/** What became of a table. */
export interface BaseTableChange {
  /** All that is in it now. */
  readonly records: readonly BaseRecord[];
  readonly added: number;
  readonly removed: number;
  readonly problems: readonly BaseTableProblem[];
}

export interface AddBasesOptions extends CallOptions {
  readonly access: Pick<ImageAccess, 'open'>;
  readonly clock?: Clock;
}

/**
 * The person's own table: `$XDG_STATE_HOME/armload/known-bases.json`, or below `~/.local/state` (XDG Base Directory
 * Specification: relative paths are ignored).
 */
export function defaultBaseTable(
  environment: Readonly<Record<string, string | undefined>> = process.env,
  home: string = homedir(),
): string {
  const state = environment['XDG_STATE_HOME'];
  return join(
    state && isAbsolute(state) ? state : join(home, '.local', 'state'),
    'armload',
    'known-bases.json',
  );
}

/** The records of a table; none where there is no file. @throws UsageError `CONFIG` where it can't be read or is none. */
export async function readBaseTable(file: string): Promise<readonly BaseRecord[]> {
  try {
    const found = await stat(file);
    if (!found.isFile()) throw new Error('it is not a file');
    if (found.size > maxTableBytes)
      throw new Error(`it has ${found.size} bytes, over the limit of ${maxTableBytes}`);
    return parseBaseRecords(new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file)));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new UsageError('CONFIG', `can't use the table of known bases ${file}: ${messageOf(error)}`, {
      cause: error,
      hint: 'Move it away, and record the bases anew with armload catalog bases add.',
    });
  }
}

/**
 * Records the images of indexes, all platforms, by the chain-id of their layers. What is there already keeps its date; what a
 * tag pointed to before stays, for images were made of it. All that can be read is recorded, whatever else can't.
 * @throws UsageError for a table that can't be read or written; InvalidReferenceError; the signal's reason.
 */
export async function addBases(
  file: string,
  names: readonly string[],
  { access, clock = systemClock, signal }: AddBasesOptions,
): Promise<BaseTableChange> {
  const references = names.map((name) => ({ name, reference: parseReference(name) }));
  await readBaseTable(file);
  const found: BaseRecord[] = [];
  const problems: BaseTableProblem[] = [];
  const added = new Date(clock.now()).toISOString();
  for (const { name, reference } of references)
    try {
      const opened = await access.open({ transport: 'registry', reference });
      const records = await recordsOfIndex(opened, reference, signal === undefined ? {} : { signal });
      found.push(...records.map((record) => ({ ...record, added })));
    } catch (error) {
      signal?.throwIfAborted();
      problems.push(problemOf(name, error));
    }
  // Read again: somebody may have added others while the registries were asked.
  const before = await readBaseTable(file);
  const known = new Set(before.map(identityOf));
  const fresh = found.filter((record, index) => {
    const identity = identityOf(record);
    return !known.has(identity) && found.findIndex((other) => identityOf(other) === identity) === index;
  });
  const records = [...before, ...fresh];
  if (fresh.length > 0) await writeTable(file, records);
  return { records, added: fresh.length, removed: 0, problems };
}

/**
 * Takes all records of these references out: of a tag, whatever it pointed to; of a digest, those of that index.
 * @throws UsageError for a table that can't be read or written; InvalidReferenceError.
 */
export async function removeBases(file: string, names: readonly string[]): Promise<BaseTableChange> {
  const references = names.map((name) => ({ name, reference: parseReference(name) }));
  const before = await readBaseTable(file);
  const records = before.filter((record) => !references.some(({ reference }) => isOf(record, reference)));
  const problems = references
    .filter(({ reference }) => !before.some((record) => isOf(record, reference)))
    .map(({ name }) => ({ reference: name, why: 'the table has no record of it', undetermined: false }));
  if (records.length < before.length) await writeTable(file, records);
  return { records, added: 0, removed: before.length - records.length, problems };
}

function isOf(record: BaseRecord, { digest, ...named }: Reference): boolean {
  if (digest !== undefined && digest !== record.indexDigest) return false;
  const { registry, repository, tag } = parseReference(record.reference);
  if (registry !== named.registry || repository !== named.repository) return false;
  return named.tag === undefined || named.tag === tag;
}

/** Everything but the date. */
function identityOf(record: BaseRecord): string {
  const { chainId, layers, platform, reference, indexDigest, manifestDigest } = record;
  return [chainId, layers, formatPlatform(platform), reference, indexDigest, manifestDigest].join(' ');
}

function problemOf(reference: string, error: unknown): BaseTableProblem {
  if (!(error instanceof ArmloadError)) throw error;
  const why = messageOf(error);
  return { reference, why, undetermined: error instanceof RegistryError && error.reason !== 'not-found' };
}

/** All or nothing, on disk when this resolves. @throws UsageError `OUTPUT_UNWRITABLE` */
async function writeTable(file: string, records: readonly BaseRecord[]): Promise<void> {
  const temporary = `${file}.${randomUUID()}`;
  try {
    await mkdir(dirname(file), { recursive: true });
    const handle = await open(temporary, 'wx');
    try {
      await handle.writeFile(formatBaseRecords(records));
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw new UsageError(
      'OUTPUT_UNWRITABLE',
      `can't write the table of known bases ${file}: ${messageOf(error)}`,
      {
        cause: error,
      },
    );
  }
}
