import { type FileHandle, open } from 'node:fs/promises';
import type { Clock } from '../../../core/index.ts';
import { writingFailed } from '../errors.ts';
import { writeAll } from '../store/objects.ts';
import { formatLine } from './line.ts';
import type { JournalContent } from './read-journal.ts';
import type { JournalEntry, JournalRecord } from './records.ts';

/** Where lines go. Of a file, unless a test wants to see what becomes of a write that fails. */
export interface JournalFile {
  /** Writes at the end, and makes it lasting. */
  append(bytes: Uint8Array): Promise<void>;
  /** Cuts what's behind this many bytes. */
  cut(length: number): Promise<void>;
  close(): Promise<void>;
}

export type OpenJournalFile = (path: string) => Promise<JournalFile>;

interface Waiting {
  readonly records: readonly JournalRecord[];
  readonly resolve: (entries: readonly JournalEntry[]) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The record of a run: what `append` was given is on the disk when it resolves. Appends that come while one is written are
 * written together after it.
 */
export class Journal {
  readonly #path: string;
  readonly #file: JournalFile;
  readonly #clock: Clock;
  #number: number;
  #length: number;
  #sum: string;
  #waiting: Waiting[] = [];
  #isWorking = false;
  #working: Promise<void> | undefined;
  #broken: unknown;

  private constructor(
    path: string,
    file: JournalFile,
    { clock, content }: { clock: Clock; content: JournalContent },
  ) {
    this.#path = path;
    this.#file = file;
    this.#clock = clock;
    this.#number = content.entries.length;
    this.#length = content.length;
    this.#sum = content.sum;
  }

  /** Goes on behind what was read; a torn line is cut. @throws RunError `DISK_FULL` */
  static async open(
    path: string,
    options: {
      readonly clock: Clock;
      readonly content: JournalContent;
      readonly openFile?: OpenJournalFile | undefined;
    },
  ): Promise<Journal> {
    const file = await (options.openFile ?? openJournalFile)(path);
    try {
      if (options.content.torn) await file.cut(options.content.length);
    } catch (error) {
      await file.close();
      throw writingFailed(error, path);
    }
    return new Journal(path, file, options);
  }

  /** @throws RunError `DISK_FULL`; nothing of these records is in the journal then. */
  append(...records: readonly JournalRecord[]): Promise<readonly JournalEntry[]> {
    if (records.length === 0) return Promise.resolve([]);
    const done = new Promise<readonly JournalEntry[]>((resolve, reject) => {
      this.#waiting.push({ records, resolve, reject });
    });
    if (!this.#isWorking) this.#working = this.#work();
    return done;
  }

  async close(): Promise<void> {
    await this.#working;
    await this.#file.close();
  }

  /** Never rejects. What's asked for while it isn't at work has to begin it again: nothing may come between the two lines. */
  async #work(): Promise<void> {
    this.#isWorking = true;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        const entries = await this.#write(batch.flatMap(({ records }) => records));
        let from = 0;
        for (const { records, resolve } of batch) {
          resolve(entries.slice(from, from + records.length));
          from += records.length;
        }
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#isWorking = false;
  }

  async #write(records: readonly JournalRecord[]): Promise<readonly JournalEntry[]> {
    if (this.#broken !== undefined) throw this.#broken;
    const time = this.#clock.now();
    const entries = records.map((record, index) => ({ number: this.#number + 1 + index, time, record }));
    let sum = this.#sum;
    const lines = entries.map((entry) => {
      const formatted = formatLine(entry, sum);
      sum = formatted.sum;
      return formatted.line;
    });
    const bytes = Buffer.from(lines.join(''));
    try {
      await this.#file.append(bytes);
    } catch (error) {
      await this.#takeBack();
      throw writingFailed(error, this.#path);
    }
    this.#number += records.length;
    this.#length += bytes.length;
    this.#sum = sum;
    return entries;
  }

  /** Where half a line can't be cut, nothing may be written behind it: whoever reads it next cuts it. */
  async #takeBack(): Promise<void> {
    try {
      await this.#file.cut(this.#length);
    } catch (error) {
      this.#broken = writingFailed(error, this.#path);
    }
  }
}

/** The real one. */
export async function openJournalFile(path: string): Promise<JournalFile> {
  const handle: FileHandle = await open(path, 'a', 0o600);
  return {
    append: async (bytes) => {
      await writeAll(handle, bytes, path);
      await handle.datasync();
    },
    cut: async (length) => {
      await handle.truncate(length);
      await handle.datasync();
    },
    close: () => handle.close(),
  };
}
