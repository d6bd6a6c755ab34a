import type { FileFacts } from '../../../../binary/index.ts';
import { messageOf } from '../../../../core/index.ts';
import { PythonError } from '../errors.ts';
import { parseHeaders } from '../headers.ts';
import type { PythonLimits } from '../limits.ts';
import { normalizedName, parseInfoName, versionKey } from '../names.ts';
import { parseRecord, type RecordLine } from '../record.ts';
import { expanded, parsePlatform, type WheelName, type WheelTag } from '../tags.ts';
import { inspectMember, textOf } from './bytes.ts';
import { readZip, type ZipMember } from './zip-file.ts';

/** A wheel whose list of files was read; of their contents only what says what it is. */
export interface Wheel {
  readonly name: WheelName;
  /** `numpy-1.26.4.dist-info`, as the wheel spells it. */
  readonly info: string;
  readonly members: ReadonlyMap<string, ZipMember>;
  /** By path in the wheel. */
  readonly record: ReadonlyMap<string, RecordLine>;
}

/** A file of a wheel that was read through, and is as the wheel's RECORD has it. */
export interface WheelFile extends ZipMember {
  /** Hexadecimal. */
  readonly sha256: string;
  readonly facts: FileFacts;
}

export interface OpenOptions {
  readonly limits: PythonLimits;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens a wheel and checks that it is the project's and version's that its name says, and that its RECORD lists its files.
 * @throws PythonError `PYTHON_WHEEL`, `PYTHON_LIMIT`.
 */
export async function openWheel(file: string, name: WheelName, options: OpenOptions): Promise<Wheel> {
  return guarded(name, async () => {
    const members = new Map((await readZip(file, name.file, options.limits)).map((one) => [one.name, one]));
    const info = infoFolder(members, name);
    const max = options.limits.recordBytes;
    const read = async (part: string): Promise<string> => {
      const member = members.get(`${info}/${part}`);
      if (member === undefined) throw wrong(name, `it has no ${part}`);
      return textOf(member, max);
    };
    checkMetadata(parseHeaders(await read('METADATA')), name);
    checkFormat(parseHeaders(await read('WHEEL')), name);
    const lines = parseRecord(await read('RECORD'));
    if (lines === undefined) throw wrong(name, 'its RECORD can not be read');
    const record = new Map(lines.map((line) => [line.path, line]));
    const unlisted = [...members.keys()].find((path) => !record.has(path) && !isUnlisted(path, info));
    if (unlisted !== undefined) throw wrong(name, `its RECORD lacks ${unlisted}`);
    const missing = [...record.keys()].find((path) => !members.has(path));
    if (missing !== undefined) throw wrong(name, `its RECORD lists ${missing}, which it does not have`);
    return { name, info, members, record };
  });
}

/** Reads all files of a wheel through. @throws PythonError `PYTHON_WHEEL` where one isn't as RECORD has it. */
export async function readWheel(
  { name, info, members, record }: Wheel,
  { signal }: OpenOptions,
): Promise<ReadonlyMap<string, WheelFile>> {
  return guarded(name, async () => {
    const files = new Map<string, WheelFile>();
    for (const [path, member] of members) {
      const line = record.get(path);
      const { sha256, facts, recorded } = await inspectMember(member, line?.hash ?? '', signal);
      // Some write the sum with the padding that the format leaves out.
      const isRight = ['', '=', '=='].some((padding) => line?.hash === `${recorded}${padding}`);
      if (!isRight && !isUnlisted(path, info)) throw wrong(name, `${path} is not as its RECORD says`);
      files.set(path, { ...member, sha256, facts });
    }
    return files;
  });
}

/** Files that RECORD can't list with a sum (Binary distribution format, "Signed wheel files"). */
function isUnlisted(path: string, info: string): boolean {
  return ['RECORD', 'RECORD.jws', 'RECORD.p7s'].some((name) => path === `${info}/${name}`);
}

function infoFolder(members: ReadonlyMap<string, ZipMember>, name: WheelName): string {
  const folders = new Set(
    [...members.keys()].flatMap((path) => {
      const [top = '', rest] = path.split('/');
      return rest !== undefined && top.endsWith('.dist-info') ? [top] : [];
    }),
  );
  const [folder] = folders;
  const parsed = folder === undefined ? undefined : parseInfoName(folder);
  if (folder === undefined || folders.size > 1 || parsed === undefined)
    throw wrong(name, `it has ${folders.size} folders that say what it is`);
  if (parsed.name !== name.name || versionKey(parsed.version) !== versionKey(name.version))
    throw wrong(name, `what it holds is ${parsed.name} ${parsed.version}`);
  return folder;
}

function checkMetadata(headers: ReadonlyMap<string, readonly string[]>, name: WheelName): void {
  const [project = ''] = headers.get('name') ?? [];
  const [version = ''] = headers.get('version') ?? [];
  if (normalizedName(project) === name.name && versionKey(version) === versionKey(name.version)) return;
  throw wrong(name, `its METADATA is that of ${project} ${version}`.slice(0, 300));
}

/** Of what it says of machines, only that it names no others: some builds leave the tag of the machine they ran on. */
function checkFormat(headers: ReadonlyMap<string, readonly string[]>, name: WheelName): void {
  const [format = ''] = headers.get('wheel-version') ?? [];
  if (!format.startsWith('1.')) throw wrong(name, `it is of the format ${format.slice(0, 20)}`);
  const own = machinesOf(name.tags);
  const said = machinesOf((headers.get('tag') ?? []).flatMap((text) => expanded(text) ?? []));
  if (said.size === 0 || [...said].some((machine) => own.has(machine))) return;
  throw wrong(name, `its WHEEL says that it is for ${[...said].join(', ')}`);
}

function machinesOf(tags: readonly WheelTag[]): ReadonlySet<string> {
  return new Set(
    tags.map(({ platform }) => {
      const parsed = parsePlatform(platform);
      return parsed.kind === 'linux' ? parsed.machine : platform;
    }),
  );
}

/** What zlib and this machine's files throw is said of the wheel. */
async function guarded<T>({ file }: WheelName, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    const isDamage = error instanceof Error && /^(?:Z_|ERR_ZLIB|ERR_BUFFER)/.test(codeOf(error));
    if (!isDamage) throw error;
    throw new PythonError('PYTHON_WHEEL', `${file} can't be unpacked: ${messageOf(error)}`, { cause: error });
  }
}

function codeOf(error: Error): string {
  return 'code' in error ? String(error.code) : '';
}

function wrong({ file }: WheelName, what: string): PythonError {
  return new PythonError('PYTHON_WHEEL', `${file} can't be used: ${what}`);
}
