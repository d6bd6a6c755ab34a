import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../core/index.ts';
import { type Observation, observationSchema } from '../results/index.ts';
import { CatalogError } from './errors.ts';
import { inOrder } from './standing.ts';

const maxFileBytes = 64 * 1024 * 1024;
const maxLineBytes = 16 * 1024;
const maxProblems = 100;

/** What a product's file of observations holds. */
export interface KeptObservations {
  /** In the order they were written. */
  readonly observations: readonly Observation[];
  /** Lines that are none, each a sentence with its place; at most a hundred. */
  readonly problems: readonly string[];
}

/**
 * The observations of a product; none where there is no file. A last line that was cut off by a power failure is left
 * out; what else is no observation is told.
 * @throws CatalogError `OBSERVATIONS_UNREADABLE`
 */
export async function readObservations(
  folder: string,
  product: string,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<KeptObservations> {
  signal?.throwIfAborted();
  const file = fileOf(folder, product);
  const text = await readText(file);
  const lines = text.split('\n');
  const torn = lines.length - 1;
  const observations: Observation[] = [];
  const problems: string[] = [];
  for (const [index, line] of lines.entries()) {
    if (line === '') continue;
    const read = readLine(line);
    if (typeof read !== 'string') observations.push(read);
    else if (index !== torn && problems.length < maxProblems) problems.push(`${file}:${index + 1}: ${read}`);
  }
  return { observations, problems };
}

async function readText(file: string): Promise<string> {
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
    throw new CatalogError(
      'OBSERVATIONS_UNREADABLE',
      `can't read the observations in ${file}: ${messageOf(error)}`,
      {
        cause: error,
        hint: 'Move the file away to begin anew; nothing else depends on it.',
      },
    );
  }
}

function readLine(line: string): Observation | string {
  if (line.length > maxLineBytes) return 'the line is too long';
  try {
    const result = observationSchema.safeParse(JSON.parse(line));
    return result.success ? result.data : `this is no observation: ${result.error.issues[0]?.message}`;
  } catch {
    return 'this is no JSON';
  }
}

/**
 * Adds observations to a product's file with one write that is on disk when this resolves. Others may do so at the same
 * time. What stands there is never changed.
 * @throws CatalogError `OBSERVATION_INVALID` before anything is written; `OBSERVATIONS_UNWRITABLE`.
 */
export async function appendObservations(
  folder: string,
  product: string,
  observations: readonly Observation[],
): Promise<void> {
  if (observations.length === 0) return;
  const file = fileOf(folder, product);
  const lines = observations.map(lineOf).join('');
  try {
    await mkdir(folder, { recursive: true });
    const handle = await open(file, 'a+');
    try {
      const { size } = await handle.stat();
      const bytes = Buffer.from(`${await mendedEnd(handle, size)}${lines}`);
      if (size + bytes.length > maxFileBytes) throw new Error(`it would have over ${maxFileBytes} bytes`);
      const { bytesWritten } = await handle.write(bytes);
      if (bytesWritten !== bytes.length) throw new Error('the disk took only a part of it');
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw new CatalogError(
      'OBSERVATIONS_UNWRITABLE',
      `can't add to the observations in ${file}: ${messageOf(error)}`,
      {
        cause: error,
      },
    );
  }
}

function lineOf(observation: Observation): string {
  const result = observationSchema.safeParse(observation);
  const line = result.success ? `${JSON.stringify(result.data)}\n` : '';
  if (line === '' || line.length > maxLineBytes)
    throw new CatalogError('OBSERVATION_INVALID', `this is no observation of ${observation.reference}`, {
      cause: result.error,
    });
  return line;
}

/** A line that was cut off must not take the next one with it. */
async function mendedEnd(handle: Awaited<ReturnType<typeof open>>, size: number): Promise<string> {
  if (size === 0) return '';
  const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1);
  return buffer[0] === 0x0a ? '' : '\n';
}

/** The newest of each reference and method, newest first. */
export function newestObservations(observations: readonly Observation[]): readonly Observation[] {
  const newest = new Map(
    inOrder(observations).map((one) => [`${one.method} ${one.platform} ${one.reference}`, one]),
  );
  return inOrder([...newest.values()]).toReversed();
}

function fileOf(folder: string, product: string): string {
  // A product's name, by the schema; whoever calls with another text must not reach other folders.
  if (!/^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(product))
    throw new CatalogError('PRODUCT_UNKNOWN', `"${product}" is no product's name`);
  return join(folder, `${product}.jsonl`);
}
