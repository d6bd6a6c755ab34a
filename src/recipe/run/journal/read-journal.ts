import { readFile, stat } from 'node:fs/promises';
import { RunError, systemCode } from '../errors.ts';
import { noSum, parseLine } from './line.ts';
import type { JournalEntry } from './records.ts';

const maxBytes = 256 * 2 ** 20;
const lineFeed = 10;

/** What a journal holds. */
export interface JournalContent {
  readonly entries: readonly JournalEntry[];
  /** Bytes up to the end of the last whole line; what's behind was torn while it was written. */
  readonly length: number;
  /** Of the last whole line. */
  readonly sum: string;
  /** Is there a torn line behind? */
  readonly torn: boolean;
}

/**
 * Reads a journal. A last line that isn't whole is what a kill or a full disk leaves, and was never acted upon: it's left
 * out. @throws RunError `JOURNAL_DAMAGED` with the line where one before it is wrong, `RUN_NOT_FOUND`.
 */
export async function readJournal(path: string): Promise<JournalContent> {
  const bytes = await readBounded(path);
  const entries: JournalEntry[] = [];
  let sum = noSum;
  let from = 0;
  while (from < bytes.length) {
    const end = bytes.indexOf(lineFeed, from);
    const isLast = end === -1 || end === bytes.length - 1;
    const parsed = end === -1 ? undefined : parseLine(bytes.toString('utf8', from, end), sum);
    if (parsed === undefined || parsed.entry.number !== entries.length + 1) {
      if (!isLast) throw damaged(path, entries.length + 1);
      return { entries, length: from, sum, torn: true };
    }
    entries.push(parsed.entry);
    sum = parsed.sum;
    from = end + 1;
  }
  return { entries, length: from, sum, torn: false };
}

async function readBounded(path: string): Promise<Buffer> {
  try {
    const { size } = await stat(path);
    if (size > maxBytes)
      throw new RunError('RUN_UNREADABLE', `${path} has ${size} bytes, over the limit of ${maxBytes}`);
    return await readFile(path);
  } catch (error) {
    if (systemCode(error) === 'ENOENT')
      throw new RunError('RUN_NOT_FOUND', `there is no journal at ${path}`, { cause: error });
    throw error;
  }
}

function damaged(path: string, line: number): RunError {
  return new RunError('JOURNAL_DAMAGED', `line ${line} of ${path} is not as it was written`, {
    hint: 'What came after it can not be trusted, so the run can not go on. Begin a new one; finished outputs are still in its folder.',
    facts: { path, line },
  });
}
