import { createReadStream } from 'node:fs';
import { type ControlOptions, fieldOf, type Paragraph, readControl } from '../control.ts';
import { type DebCompression, decompressed } from '../decompress.ts';
import { DebianError } from '../errors.ts';
import { type SourcePackage, sourceOf } from '../source-of.ts';
import { parseVersion } from '../version.ts';

/** A package that an archive offers. */
export interface OfferedPackage {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  readonly source: SourcePackage;
  /** Relative to the archive. */
  readonly filename: string;
  readonly size: number;
  /** Hexadecimal. */
  readonly sha256: string;
}

export interface IndexFile {
  /** On this machine. */
  readonly path: string;
  readonly compression: DebCompression;
  /** For errors: its address. */
  readonly name: string;
}

export interface ReadPackagesOptions {
  /** Names of the packages to keep: an index has tens of thousands. */
  readonly names: ReadonlySet<string>;
  /** Of the index, decompressed. */
  readonly maxBytes: number;
  readonly signal?: AbortSignal | undefined;
}

const fields = ['package', 'version', 'architecture', 'source', 'filename', 'size', 'sha256'];

/**
 * Reads a `Packages` index as a stream, and keeps what is asked for. Packages without a SHA-256 can't be checked, so they
 * count as not offered.
 * @throws DebianError `DEBIAN_MALFORMED` with the line, `DEBIAN_LIMIT`; or the signal's reason.
 */
export async function readPackages(
  index: IndexFile,
  { names, maxBytes, signal }: ReadPackagesOptions,
): Promise<readonly OfferedPackage[]> {
  const offered: OfferedPackage[] = [];
  const options: ControlOptions = { name: index.name, fields: new Set(fields) };
  const file = createReadStream(index.path, { highWaterMark: 256 * 1024 });
  const bytes = bounded(decompressed(file, index.compression, index.name), {
    maxBytes,
    name: index.name,
    signal,
  });
  for await (const paragraphs of readControl(bytes, options))
    for (const paragraph of paragraphs) {
      if (!names.has(fieldOf(paragraph, 'Package') ?? '')) continue;
      const one = offeredPackage(paragraph, index.name);
      if (one !== undefined) offered.push(one);
    }
  return offered;
}

async function* bounded(
  input: AsyncIterable<Uint8Array>,
  {
    maxBytes,
    name,
    signal,
  }: { readonly maxBytes: number; readonly name: string; readonly signal: AbortSignal | undefined },
): AsyncGenerator<Uint8Array, void, undefined> {
  let bytes = 0;
  for await (const chunk of input) {
    signal?.throwIfAborted();
    bytes += chunk.length;
    if (bytes > maxBytes)
      throw new DebianError('DEBIAN_LIMIT', `${name} unpacks to more than the limit of ${maxBytes} bytes`);
    yield chunk;
  }
}

function offeredPackage(paragraph: Paragraph, index: string): OfferedPackage | undefined {
  const value = (field: string): string => detached(fieldOf(paragraph, field) ?? '');
  const sha256 = value('SHA256').toLowerCase();
  if (sha256 === '') return undefined;
  const [name, version, size] = [value('Package'), value('Version'), value('Size')];
  const isGood =
    /^[0-9a-f]{64}$/.test(sha256) && /^[0-9]{1,15}$/.test(size) && parseVersion(version) !== undefined;
  if (!isGood)
    throw new DebianError(
      'DEBIAN_MALFORMED',
      `${index} line ${paragraph.line}: the package ${name} has a wrong version, size or SHA256`,
    );
  const source = sourceOf(paragraph, { name, version });
  return {
    name,
    version,
    architecture: value('Architecture'),
    source: { name: detached(source.name), version: detached(source.version) },
    filename: value('Filename'),
    size: Number(size),
    sha256,
  };
}

/** A piece of a text keeps the whole text in memory; a copy doesn't. */
function detached(text: string): string {
  return Buffer.from(text).toString();
}
