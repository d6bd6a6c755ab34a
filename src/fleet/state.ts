import { createHash } from 'node:crypto';
import { mkdir, open } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import * as z from 'zod';
import { messageOf } from '../core/index.ts';
import { FleetError } from './errors.ts';

const maxFileBytes = 64 * 1024 * 1024;
const maxLineBytes = 16 * 1024;

/** One port that was published, by what it was made from and how. */
const recordSchema = z.object({
  /** Of the source's digest, the options and armload itself. */
  key: z.string().regex(/^[0-9a-f]{64}$/),
  reference: z.string(),
  destination: z.string(),
  /** What the destination points to. */
  index: z.string(),
  /** ISO 8601. */
  at: z.string(),
});

export type FleetRecord = z.infer<typeof recordSchema>;

/** `$XDG_STATE_HOME/armload/fleets`, or `~/.local/state/armload/fleets` (XDG Base Directory: relative paths are ignored). */
export function defaultFleetsFolder(
  environment: Readonly<Record<string, string | undefined>> = process.env,
  home: string = homedir(),
): string {
  const base = environment['XDG_STATE_HOME'];
  return join(base && isAbsolute(base) ? base : join(home, '.local', 'state'), 'armload', 'fleets');
}

/** What ports under one prefix have published, a file a prefix: only ever added to. */
export class FleetState {
  readonly #file: string;
  readonly #records: Map<string, FleetRecord>;
  #writing: Promise<void> = Promise.resolve();

  private constructor(file: string, records: Map<string, FleetRecord>) {
    this.#file = file;
    this.#records = records;
  }

  /**
   * A line that was cut off, or is no record, counts as not there: then its port is made again.
   * @throws FleetError where the file is there and can't be read.
   */
  static async open(folder: string, fleet: readonly string[]): Promise<FleetState> {
    const name = createHash('sha256').update(JSON.stringify(fleet)).digest('hex').slice(0, 32);
    const file = join(folder, `${name}.jsonl`);
    const records = new Map<string, FleetRecord>();
    for (const line of (await textOf(file)).split('\n')) {
      const record = recordOf(line);
      if (record !== undefined) records.set(`${record.key} ${record.destination}`, record);
    }
    return new FleetState(file, records);
  }

  find(key: string, destination: string): FleetRecord | undefined {
    return this.#records.get(`${key} ${destination}`);
  }

  /** On disk when this resolves. @throws FleetError */
  async add(record: FleetRecord): Promise<void> {
    const adding = this.#writing.then(() => append(this.#file, `${JSON.stringify(record)}\n`));
    this.#writing = adding.catch(() => undefined);
    await adding;
    this.#records.set(`${record.key} ${record.destination}`, record);
  }
}

function recordOf(line: string): FleetRecord | undefined {
  if (line === '' || line.length > maxLineBytes) return undefined;
  try {
    return recordSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

async function textOf(file: string): Promise<string> {
  try {
    const handle = await open(file, 'r');
    try {
      const { size } = await handle.stat();
      if (size > maxFileBytes) throw new Error(`it has ${size} bytes, over the limit of ${maxFileBytes}`);
      return await handle.readFile('utf8');
    } finally {
      await handle.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw new FleetError('FLEET_STATE', `can't read what was ported before in ${file}: ${messageOf(error)}`, {
      cause: error,
      hint: 'Move the file away to begin anew: what is published already is found to be unchanged then.',
    });
  }
}

/** One write at the end of the file; a line that was cut off before must not take this one with it. */
async function append(file: string, line: string): Promise<void> {
  try {
    await mkdir(join(file, '..'), { recursive: true, mode: 0o700 });
    const handle = await open(file, 'a+', 0o600);
    try {
      const { size } = await handle.stat();
      const last = Buffer.alloc(1, '\n');
      if (size > 0) await handle.read(last, 0, 1, size - 1);
      const bytes = Buffer.from(`${last[0] === 0x0a ? '' : '\n'}${line}`);
      const { bytesWritten } = await handle.write(bytes);
      if (bytesWritten !== bytes.length) throw new Error('the disk took only a part of it');
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw new FleetError('FLEET_STATE', `can't keep what was ported in ${file}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
