import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { FileFacts } from '../../../binary/index.ts';
import { type Clock, messageOf, redact, UsageError } from '../../../core/index.ts';
import { type Fetch, FetchError, persistent } from '../../fetch/index.ts';
import { extractMember } from './archive.ts';
import { ReleaseError } from './errors.ts';
import { describe, type KeptFile, keep, piecesOf } from './kept-file.ts';
import type { ReleaseLimits } from './limits.ts';
import type { Named, Place } from './names.ts';

export interface ObtainParts {
  readonly cwd: string;
  /** For copies, gone when the port is done. */
  readonly folder: string;
  /** For downloads, kept. */
  readonly cache: string;
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly limits: ReleaseLimits;
  readonly signal?: AbortSignal | undefined;
}

/** What is to take a path's place. */
export interface Obtained extends KeptFile {
  readonly facts: FileFacts;
  /** For people: `tool_linux_arm64.tar.gz!/bin/tool`. */
  readonly name: string;
  /** What was named, as a whole: the archive, where a member of one is used. */
  readonly whole: {
    readonly name: string;
    readonly uri: string;
    readonly sha256: string;
    readonly size: number;
  };
  readonly member?: string;
}

/**
 * Gets what a person named: a copy of the file, the download, or the member of either.
 * @throws ReleaseError, FetchError, the signal's reason; UsageError `INPUT_NOT_FOUND` where this machine has no such file.
 */
export async function obtain({ path, place }: Named, parts: ObtainParts): Promise<Obtained> {
  const name = nameOf(place);
  await mkdir(parts.folder, { recursive: true });
  const kept = place.kind === 'file' ? await copied(place, parts) : await downloaded(place, parts);
  const whole = { name, uri: uriOf(place), sha256: kept.sha256, size: kept.size };
  const { member } = place;
  if (member === undefined) return { ...(await describe(kept.file, path, parts.signal)), name, whole };
  const file = join(parts.folder, randomUUID());
  const options = { name, member, limits: parts.limits, signal: parts.signal };
  await extractMember(kept.file, file, options);
  return { ...(await describe(file, path, parts.signal)), name: `${name}!/${member}`, whole, member };
}

async function copied(place: Extract<Place, { kind: 'file' }>, parts: ObtainParts): Promise<KeptFile> {
  const { cwd, folder, limits, signal } = parts;
  const from = resolve(cwd, place.file);
  const status = await stat(from).catch((error: unknown) => {
    throw new UsageError('INPUT_NOT_FOUND', `${place.file} can't be read: ${messageOf(error)}`);
  });
  // Reading a device or a pipe might never end.
  if (!status.isFile()) throw new UsageError('INPUT_NOT_FOUND', `${place.file} is no file`);
  const name = nameOf(place);
  const options = { name, maxBytes: limits.bytes, signal };
  const kept = await keep(readable(from, place.file, signal), join(folder, randomUUID()), options);
  checkHash(kept, place.sha256, place.file);
  return kept;
}

async function* readable(
  file: string,
  name: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* piecesOf(file, { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw new UsageError('INPUT_NOT_FOUND', `${name} can't be read: ${messageOf(error)}`);
  }
}

/** By way of the cache, where files are named by their hash and checked before each use. */
async function downloaded(place: Extract<Place, { kind: 'address' }>, parts: ObtainParts): Promise<KeptFile> {
  const { cache, clock, limits, signal } = parts;
  const { url, sha256 } = place;
  const file = join(cache, 'release', sha256.slice(0, 2), sha256);
  const known = await describe(file, '', signal).catch(() => undefined);
  signal?.throwIfAborted();
  if (known?.sha256 === sha256) return known;
  await mkdir(dirname(file), { recursive: true }).catch((error: unknown) => {
    throw new ReleaseError('RELEASE_UNREADABLE', `the cache can't be used: ${messageOf(error)}`);
  });
  return persistent((either) => download(place, file, { ...parts, signal: either }), {
    clock,
    signal,
    time: limits.time,
    isPassing,
    timedOut: () =>
      new FetchError('FETCH_TIMEOUT', `GET ${url} was not done after ${limits.time / 1000} seconds`),
  });
}

/** Under another name until it's whole, so that a kill leaves nothing wrong behind. */
async function download(
  { url, sha256 }: Extract<Place, { kind: 'address' }>,
  file: string,
  { fetch, limits, signal }: ObtainParts & { readonly signal: AbortSignal },
): Promise<KeptFile> {
  const temporary = `${file}.${randomUUID()}`;
  try {
    const body = await fetch(url, { signal });
    const kept = await keep(body, temporary, { name: url, maxBytes: limits.bytes, signal });
    checkHash(kept, sha256, url);
    await rename(temporary, file);
    return { ...kept, file };
  } finally {
    await rm(temporary, { force: true });
  }
}

function isPassing(error: unknown): boolean {
  if (!(error instanceof FetchError)) return false;
  const status = error.facts['status'];
  if (typeof status === 'number') return status >= 500 || status === 429;
  return error.code !== 'FETCH_NOT_FOUND';
}

function checkHash({ sha256 }: KeptFile, wanted: string | undefined, name: string): void {
  if (wanted === undefined || wanted === sha256) return;
  throw new ReleaseError('RELEASE_HASH', `${name} has the SHA-256 ${sha256}, not ${wanted}`);
}

function nameOf(place: Place): string {
  const text = place.kind === 'file' ? place.file : safeDecoded(new URL(place.url).pathname);
  return text.split('/').findLast((part) => part !== '') ?? 'file';
}

function safeDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Without the folders of this machine, which are nobody else's business, and without passwords. */
function uriOf(place: Place): string {
  return place.kind === 'file' ? `file:${encodeURIComponent(nameOf(place))}` : redact(place.url);
}
