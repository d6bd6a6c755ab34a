import { createReadStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { Scratch } from '../../../../binary/index.ts';
import { messageOf } from '../../../../core/index.ts';
import { ContentReader } from '../../../../layer/index.ts';
import { TarError } from '../../../../tar/index.ts';
import { BodyWriter } from '../../shared/packages/body-writer.ts';
import { type Deb, type DebEntry, openDeb } from '../deb/index.ts';
import { DebianError } from '../errors.ts';
import { IndexWriter } from './index-writer.ts';
import type { UnpackLimits } from './limits.ts';

/** What an unpacking thread is told of a package: plain data. */
export interface UnpackJob {
  /** Its file on this machine, and what it must be. */
  readonly deb: string;
  readonly sha256: string;
  readonly size: number;
  /** For errors. */
  readonly name: string;
  /** Files to write, which must not be there yet. */
  readonly bodies: string;
  readonly index: string;
  readonly limits: UnpackLimits;
}

/** Both files' bytes. */
export interface Unpacked {
  readonly bytes: number;
}

/** How much of a package is read at once. */
const readBytes = 512 * 1024;

/**
 * Unpacks a package into one file of all bodies, and an index. What it leaves behind when it fails is for the caller to
 * remove. Packages that are unpacked one after the other may share a `scratch`.
 * @throws DebianError, or the signal's reason.
 */
export async function unpackDeb(
  job: UnpackJob,
  { scratch = new Scratch(), signal }: { readonly scratch?: Scratch; readonly signal?: AbortSignal } = {},
): Promise<Unpacked> {
  try {
    const { sha256, size, name, limits } = job;
    const input = createReadStream(job.deb, { highWaterMark: readBytes });
    const deb = await openDeb(input, { name, expected: { sha256, size }, limits, signal });
    return await unpack(deb, job, scratch);
  } catch (error) {
    signal?.throwIfAborted();
    throw asDebianError(error, job);
  }
}

async function unpack(deb: Deb, job: UnpackJob, scratch: Scratch): Promise<Unpacked> {
  const { name, limits, sha256 } = job;
  const index = new IndexWriter(name, limits.indexBytes);
  const allowance = { inflatedBytes: limits.inflatedBytes };
  const bodies = await BodyWriter.create(job.bodies).catch(async (error: unknown) => {
    await deb.close();
    throw error;
  });
  try {
    for await (const entry of deb.entries()) {
      const { type, size } = entry.entry;
      if (type === 'sparse')
        throw new DebianError(
          'DEBIAN_UNSUPPORTED',
          `${name}: ${entry.path} is a sparse file, which dpkg unpacks none of`,
        );
      if (type === 'file') index.file(entry, size, await readBody(entry, bodies, { scratch, allowance }));
      else index.other(entry);
    }
    await bodies.flush();
  } finally {
    await bodies.close();
  }
  const parts = index.finish({ package: sha256, bodyBytes: bodies.bytes }, deb.control);
  await writeFile(job.index, parts, { flag: 'wx', mode: 0o644 });
  return { bytes: bodies.bytes + parts.reduce((sum, part) => sum + part.length, 0) };
}

async function readBody(
  { path, entry }: DebEntry,
  bodies: BodyWriter,
  inspection: { readonly scratch: Scratch; readonly allowance: { inflatedBytes: number } },
) {
  const { size } = entry;
  const plain = { keep: false, md5: true, sparse: undefined, stored: entry };
  const reader = new ContentReader({ path, size, ...plain, ...inspection });
  for await (const chunk of entry.body) {
    reader.data(chunk);
    await bodies.write(chunk);
  }
  return reader.finish();
}

function asDebianError(error: unknown, { name }: UnpackJob): unknown {
  if (error instanceof TarError) {
    const code = error.code === 'TAR_LIMIT' ? 'DEBIAN_LIMIT' : 'DEBIAN_MALFORMED';
    const facts = error.facts;
    return new DebianError(code, `${name} can't be read: ${error.message}`, { cause: error, facts });
  }
  if (error instanceof Error && 'syscall' in error)
    return new DebianError('DEBIAN_CACHE', `${name} can't be unpacked: ${messageOf(error)}`, {
      cause: error,
    });
  return error;
}
