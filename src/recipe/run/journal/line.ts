import { createHash } from 'node:crypto';
import * as z from 'zod';
import { type JournalEntry, type JournalRecord, recordSchema } from './records.ts';

const sumLength = 16;
const tailLength = `,"sum":"${'0'.repeat(sumLength)}"}`.length;

/** What the first line's sum is chained to. */
export const noSum = '';

const envelope = z.object({ number: z.int().min(1), time: z.number(), record: recordSchema });

/**
 * One line of a journal: JSON, whose last member is a sum over the rest of it and the line before. Lines that were
 * changed, left out or put in give another sum than the one written.
 */
export function formatLine(
  entry: { readonly number: number; readonly time: number; readonly record: JournalRecord },
  previous: string,
): { readonly line: string; readonly sum: string } {
  const body = JSON.stringify(entry);
  const sum = sumOf(body, previous);
  return { line: `${body.slice(0, -1)},"sum":"${sum}"}\n`, sum };
}

/** The line's entry and sum, without its line feed; undefined where it isn't as it was written. */
export function parseLine(
  line: string,
  previous: string,
): { readonly entry: JournalEntry; readonly sum: string } | undefined {
  const body = `${line.slice(0, -tailLength)}}`;
  const sum = sumOf(body, previous);
  if (line.slice(-tailLength) !== `,"sum":"${sum}"}`) return undefined;
  const parsed = envelope.safeParse(readJson(body));
  return parsed.success ? { entry: parsed.data, sum } : undefined;
}

function sumOf(body: string, previous: string): string {
  return createHash('sha256').update(previous).update(body).digest('hex').slice(0, sumLength);
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
