import { randomUUID } from 'node:crypto';
import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { type Descriptor, type Digest, DocumentError, isDigest, mediaTypes } from '../../oci/index.ts';
import { RegistryError } from '../errors.ts';
import { errorCode, refNameAnnotation } from './content.ts';
import { type FileLockOptions, withFileLock } from './file-lock.ts';

/** `index.json` may list every tag of a repository, so it may be larger than a manifest one pulls. */
export const maxIndexFileBytes = 64 * 1024 * 1024;
const maxEntries = 200_000;

const annotations = z.record(z.string(), z.string()).nullish();
// Loose: what other programs wrote into an entry is kept when the file is written again.
const entrySchema = z.looseObject({
  mediaType: z.string().nullish(),
  digest: z.custom<Digest>((value) => typeof value === 'string' && isDigest(value), {
    message: 'is not a sha256 or sha512 digest',
  }),
  size: z.int().min(0),
  annotations,
  artifactType: z.string().nullish(),
});
const indexFileSchema = z.looseObject({
  schemaVersion: z.literal(2),
  manifests: z.array(entrySchema).max(maxEntries).nullish(),
});

export type IndexFileEntry = z.output<typeof entrySchema>;
type IndexDocument = z.output<typeof indexFileSchema>;

/** Reads the text of an `index.json`. @throws DocumentError `DOCUMENT_MALFORMED`, naming the member. */
export function parseIndexFile(bytes: Uint8Array): IndexDocument {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new DocumentError('DOCUMENT_MALFORMED', 'index.json is not JSON', { cause });
  }
  const result = indexFileSchema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new DocumentError(
    'DOCUMENT_MALFORMED',
    `index.json is malformed: ${issue?.path.join('.') || 'the document'}: ${issue?.message ?? 'invalid'}`,
  );
}

/** The descriptor of an entry, as the rest of armload knows it. */
export function toDescriptor(entry: IndexFileEntry): Descriptor {
  return {
    mediaType: entry.mediaType ?? '',
    digest: entry.digest,
    size: entry.size,
    ...(entry.annotations ? { annotations: entry.annotations } : {}),
    ...(entry.artifactType ? { artifactType: entry.artifactType } : {}),
  };
}

export function refNameOf(entry: IndexFileEntry): string | undefined {
  return entry.annotations?.[refNameAnnotation];
}

/** The entries with this one added; a tag moves to it, and its own untagged entry becomes the tagged one. */
export function withEntry(
  entries: readonly IndexFileEntry[],
  added: { readonly mediaType: string; readonly digest: Digest; readonly size: number },
  tag?: string,
): readonly IndexFileEntry[] {
  if (tag === undefined)
    return entries.some((entry) => entry.digest === added.digest) ? entries : [...entries, added];
  const kept = entries.filter(
    (entry) => refNameOf(entry) !== tag && !(entry.digest === added.digest && refNameOf(entry) === undefined),
  );
  return [...kept, { ...added, annotations: { [refNameAnnotation]: tag } }];
}

/** The text of an `index.json` with these entries, other members kept. */
export function formatIndexFile(document: IndexDocument, entries: readonly IndexFileEntry[]): string {
  return JSON.stringify({ mediaType: mediaTypes.ociIndex, ...document, manifests: entries });
}

const emptyDocument: IndexDocument = { schemaVersion: 2 };

/** The `index.json` of one layout folder. The file is the truth: every read looks whether it changed. */
export class IndexFile {
  readonly #path: string;
  readonly #lockPath: string;
  #cache: { readonly stamp: string; readonly document: IndexDocument } | undefined;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(directory: string) {
    this.#path = join(directory, 'index.json');
    this.#lockPath = join(directory, '.index.json.lock');
  }

  /** Its entries; none where there's no file. The same array as long as the file stays the same. */
  async entries(): Promise<readonly IndexFileEntry[]> {
    return (await this.#read()).manifests ?? noEntries;
  }

  /**
   * Changes the entries in one step: under a lock, against the file as it is then, replaced by rename. A change that
   * returns the same array writes nothing.
   */
  update(
    change: (entries: readonly IndexFileEntry[]) => readonly IndexFileEntry[],
    options: FileLockOptions = {},
  ): Promise<void> {
    // Writers of this process wait here, without polling the lock file.
    const done = this.#queue.then(() => this.#update(change, options));
    this.#queue = done.catch(() => undefined);
    return done;
  }

  async #update(
    change: (entries: readonly IndexFileEntry[]) => readonly IndexFileEntry[],
    options: FileLockOptions,
  ): Promise<void> {
    for (let attempt = 0; attempt < 5; attempt++) {
      const committed = await withFileLock(this.#lockPath, (held) => this.#commit(change, held), options);
      if (committed) return;
    }
    throw new RegistryError('timeout', `the lock on ${this.#path} was taken away five times`);
  }

  async #commit(
    change: (entries: readonly IndexFileEntry[]) => readonly IndexFileEntry[],
    held: () => Promise<boolean>,
  ): Promise<boolean> {
    const document = await this.#read();
    const entries = document.manifests ?? noEntries;
    const changed = change(entries);
    if (changed === entries && document !== emptyDocument) return true;
    const temporary = join(this.#path, '..', `.incoming-${randomUUID()}`);
    try {
      await writeFile(temporary, formatIndexFile(document, changed));
      if (!(await held())) return false;
      await rename(temporary, this.#path);
      return true;
    } finally {
      await rm(temporary, { force: true });
    }
  }

  async #read(): Promise<IndexDocument> {
    const stamp = await this.#stamp();
    if (stamp === undefined) return emptyDocument;
    if (this.#cache?.stamp === stamp) return this.#cache.document;
    const document = parseIndexFile(await readFile(this.#path));
    this.#cache = { stamp, document };
    return document;
  }

  /** Changes with every rename over the file. `undefined` where there is no file. */
  async #stamp(): Promise<string | undefined> {
    try {
      const facts = await stat(this.#path, { bigint: true });
      if (facts.size > maxIndexFileBytes)
        throw new DocumentError(
          'DOCUMENT_TOO_LARGE',
          `${this.#path} has ${facts.size} bytes, over the limit of ${maxIndexFileBytes}`,
        );
      return `${facts.ino} ${facts.size} ${facts.mtimeNs} ${facts.ctimeNs}`;
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return undefined;
      throw error;
    }
  }
}

const noEntries: readonly IndexFileEntry[] = [];
