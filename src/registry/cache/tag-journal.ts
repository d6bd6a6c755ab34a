import { appendFile, open, readFile, stat, unlink } from 'node:fs/promises';
import { type Digest, isDigest } from '../../oci/index.ts';
import { writeAtomically } from './atomic-file.ts';

/** What a tag was seen to be. */
export interface TagAnswer {
  readonly digest: Digest;
  /** Empty where the registry didn't say. */
  readonly mediaType: string;
  /** Milliseconds since the epoch. */
  readonly seenAt: number;
}

/** Answers not seen again for so long are dropped: 90 days. */
export const retentionMs = 90 * 24 * 60 * 60 * 1000;

const maxFileBytes = 32 * 1024 * 1024;
const linesPerWrite = 64;
const slackLines = 256;

/**
 * The tag answers of one registry under one identity: a file of lines, one answer each, the last one about a tag counts.
 * Lines are appended many at a time, each write starting a new line, so that what a killed process left half written
 * spoils nothing but itself. Several processes may append.
 */
export class TagJournal {
  readonly #path: string;
  #answers = new Map<string, TagAnswer>();
  #loading: Promise<void> | undefined;
  #pending: string[] = [];
  #writing: Promise<void> = Promise.resolve();
  #lines = 0;

  constructor(path: string) {
    this.#path = path;
  }

  async get(repository: string, tag: string): Promise<TagAnswer | undefined> {
    this.#loading ??= this.#load();
    await this.#loading;
    return this.#answers.get(keyOf(repository, tag));
  }

  /** Rejects with the system's error when the file can't be written. */
  async record(repository: string, tag: string, answer: TagAnswer): Promise<void> {
    this.#answers.set(keyOf(repository, tag), answer);
    this.#pending.push(
      JSON.stringify([repository, tag, answer.digest, answer.mediaType, Math.round(answer.seenAt)]),
    );
    if (this.#pending.length >= linesPerWrite) await this.flush();
  }

  /** Writes what is pending. Rejects with the system's error. */
  async flush(): Promise<void> {
    const lines = this.#pending;
    this.#pending = [];
    if (lines.length > 0) {
      this.#lines += lines.length;
      this.#writing = this.#writing.then(() =>
        appendFile(this.#path, `\n${lines.join('\n')}\n`, { mode: 0o600 }),
      );
    }
    await this.#writing;
  }

  /**
   * Flushes, and writes the file anew when most of its lines have been superseded. Gives way when another process wrote
   * meanwhile. Rejects with the system's error.
   */
  async close(now: number, temporaryDirectory: string): Promise<void> {
    await this.flush();
    if (this.#lines <= 2 * this.#answers.size + slackLines) return;
    const content = await readFile(this.#path);
    const { answers } = parseJournal(content.toString('utf8'));
    const kept = [...answers].filter(([, answer]) => now - answer.seenAt < retentionMs);
    const lines = kept.map(([key, { digest, mediaType, seenAt }]) =>
      JSON.stringify([...key.split('\n'), digest, mediaType, seenAt]),
    );
    if ((await stat(this.#path)).size !== content.length) return;
    await writeAtomically(this.#path, `${lines.join('\n')}\n`, temporaryDirectory);
    this.#lines = lines.length;
  }

  async #load(): Promise<void> {
    const text = await readJournal(this.#path);
    const { answers, lines } = parseJournal(text);
    // Answers of this run are newer than any in the file.
    this.#answers = new Map([...answers, ...this.#answers]);
    this.#lines += lines;
  }
}

/** Neither part can hold a line feed. */
function keyOf(repository: string, tag: string): string {
  return `${repository}\n${tag}`;
}

/** Empty where there is none, or none that can be read; one beyond all measure is thrown away. */
async function readJournal(path: string): Promise<string> {
  try {
    const handle = await open(path, 'r');
    try {
      if ((await handle.stat()).size <= maxFileBytes) return await handle.readFile('utf8');
    } finally {
      await handle.close();
    }
    await unlink(path);
  } catch {
    // As good as absent.
  }
  return '';
}

function parseJournal(text: string): { answers: Map<string, TagAnswer>; lines: number } {
  const answers = new Map<string, TagAnswer>();
  let lines = 0;
  for (const line of text.split('\n')) {
    if (line === '') continue;
    lines++;
    const read = parseLine(line);
    if (read) answers.set(...read);
  }
  return { answers, lines };
}

function parseLine(line: string): readonly [string, TagAnswer] | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (!Array.isArray(value) || value.length !== 5) return undefined;
  const [repository, tag, digest, mediaType, seenAt] = value as unknown[];
  if (typeof repository !== 'string' || typeof tag !== 'string' || typeof mediaType !== 'string')
    return undefined;
  if (typeof digest !== 'string' || !isDigest(digest)) return undefined;
  if (typeof seenAt !== 'number' || !Number.isSafeInteger(seenAt) || seenAt < 0) return undefined;
  return [keyOf(repository, tag), { digest, mediaType, seenAt }];
}
